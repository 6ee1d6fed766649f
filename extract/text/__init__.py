"""Extractors that read transcripts and words. One file each."""

from ..base import TrackExtractor, TranscriptExtractor

__all__ = ["TrackExtractor", "TranscriptExtractor"]
