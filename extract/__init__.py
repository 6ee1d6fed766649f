"""Extractors: from decoded media to tracks. One file per extractor, and the runner that orders the work."""

from ..errors import ParameterError
from .base import (
    AnnotationExtractor,
    AudioExtractor,
    Execution,
    Extractor,
    FaceExtractor,
    FeatureExtractor,
    SegmentExtractor,
    SpanExtractor,
    TrackExtractor,
    TranscriptExtractor,
    VideoExtractor,
)
from .registry import EXTRACTORS

__all__ = [
    "EXTRACTORS",
    "AnnotationExtractor",
    "AudioExtractor",
    "Execution",
    "Extractor",
    "FaceExtractor",
    "FeatureExtractor",
    "ParameterError",
    "SegmentExtractor",
    "SpanExtractor",
    "TrackExtractor",
    "TranscriptExtractor",
    "VideoExtractor",
]
