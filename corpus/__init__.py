"""Corpora: which recordings, segments and labels a folder holds. One file per layout."""

from ..errors import CorpusError
from .annotations import Annotation, Ratings, read_annotation
from .features import FeatureFile
from .layouts import LAYOUTS, read_corpus
from .model import Corpus, Layout, Recording, Segment

__all__ = [
    "LAYOUTS",
    "Annotation",
    "Corpus",
    "CorpusError",
    "FeatureFile",
    "Layout",
    "Ratings",
    "Recording",
    "Segment",
    "read_annotation",
    "read_corpus",
]
