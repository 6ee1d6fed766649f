"""Corpora: which recordings, segments and labels a folder holds. One file per layout."""

from ..errors import CorpusError
from .layouts import LAYOUTS, read_corpus
from .model import Corpus, Layout, Recording, Segment

__all__ = ["LAYOUTS", "Corpus", "CorpusError", "Layout", "Recording", "Segment", "read_corpus"]
