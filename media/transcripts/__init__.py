"""Transcripts: what was said, by whom, and when, as far as the file says. One file per family of formats."""

from .model import Utterance, Word
from .read import TRANSCRIPT_SUFFIXES, read_transcript
from .speaker_turns import TURNS_SUFFIX, Turn, assign_speakers, read_turns

__all__ = [
    "TRANSCRIPT_SUFFIXES",
    "TURNS_SUFFIX",
    "Turn",
    "Utterance",
    "Word",
    "assign_speakers",
    "read_transcript",
    "read_turns",
]
