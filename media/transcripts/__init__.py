"""Transcripts: what was said, by whom, and when, as far as the file says. One file per family of formats."""

from .model import Utterance, Word
from .read import TRANSCRIPT_SUFFIXES, read_transcript

__all__ = ["TRANSCRIPT_SUFFIXES", "Utterance", "Word", "read_transcript"]
