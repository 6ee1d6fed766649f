"""Extractors that read frames and faces. One file each."""

from ..base import FaceExtractor, VideoExtractor

__all__ = ["FaceExtractor", "VideoExtractor"]
