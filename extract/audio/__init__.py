"""Extractors that read sound. One file each."""

from ..base import AudioExtractor

__all__ = ["AudioExtractor"]
