"""Decoded media on one clock: probing, video frames, audio samples, transcripts."""

from ..errors import MediaError, TranscriptError
from .audio import Audio, read_audio
from .container import MEDIA_SUFFIXES
from .images import PICTURE_SUFFIXES, list_pictures
from .probe import MediaInfo, probe
from .transcripts import TRANSCRIPT_SUFFIXES, Utterance, Word, read_transcript
from .video import Frames, Sampling, read_frames

__all__ = [
    "MEDIA_SUFFIXES",
    "PICTURE_SUFFIXES",
    "TRANSCRIPT_SUFFIXES",
    "Audio",
    "Frames",
    "MediaError",
    "MediaInfo",
    "Sampling",
    "TranscriptError",
    "Utterance",
    "Word",
    "list_pictures",
    "probe",
    "read_audio",
    "read_frames",
    "read_transcript",
]
