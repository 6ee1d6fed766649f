"""Extractors that read sound. One file each."""

from ..base import AudioExtractor, SpanExtractor

__all__ = ["AudioExtractor", "SpanExtractor"]
