"""Decoded media on one clock: probing, video frames, audio samples, transcripts."""

from ..errors import MediaError, TranscriptError
from .audio import Audio, AudioSelection, read_audio
from .channels import Channel
from .container import AUDIO_SUFFIXES, MEDIA_SUFFIXES, decoder_versions
from .images import PICTURE_SUFFIXES, list_pictures
from .probe import MediaInfo, no_media, probe, with_sound
from .sampling import Sampling
from .transcripts import (
    TRANSCRIPT_SUFFIXES,
    TURNS_SUFFIX,
    Utterance,
    Word,
    assign_speakers,
    read_transcript,
    read_turns,
)
from .video import Frames, read_frames, read_samplings

__all__ = [
    "AUDIO_SUFFIXES",
    "MEDIA_SUFFIXES",
    "PICTURE_SUFFIXES",
    "TRANSCRIPT_SUFFIXES",
    "TURNS_SUFFIX",
    "Audio",
    "AudioSelection",
    "Channel",
    "Frames",
    "MediaError",
    "MediaInfo",
    "Sampling",
    "TranscriptError",
    "Utterance",
    "Word",
    "assign_speakers",
    "decoder_versions",
    "list_pictures",
    "no_media",
    "probe",
    "read_audio",
    "read_frames",
    "read_samplings",
    "read_transcript",
    "read_turns",
    "with_sound",
]
