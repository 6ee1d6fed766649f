"""Every extractor by the name that recipes use."""

from .audio.mfcc import Mfcc
from .audio.opensmile import OpenSmile
from .audio.voice_activity import VoiceActivity
from .base import Extractor
from .text.bert import Bert
from .text.words import Words
from .video.face_choice import FaceChoice
from .video.face_crop import FaceCrop
from .video.face_embedding import FaceEmbedding
from .video.face_geometry import FaceGeometry
from .video.face_landmarks import FaceLandmarks
from .video.face_shape import FaceShape
from .video.facenet_embedding import FacenetEmbedding
from .video.faces import Faces
from .video.frame_crop import FrameCrop
from .video.frame_embedding import FrameEmbedding
from .video.openface import OpenFace
from .video.timm_embedding import TimmEmbedding

_FRAMES = (Faces, FrameCrop, FrameEmbedding, OpenFace)
_FACES = (FaceChoice, FaceCrop, FaceEmbedding, FacenetEmbedding, TimmEmbedding, FaceLandmarks, FaceGeometry, FaceShape)
_AUDIO = (Mfcc, OpenSmile, VoiceActivity)
_TEXT = (Words, Bert)

EXTRACTORS: dict[str, type[Extractor]] = {
    extractor.name: extractor for extractor in (*_FRAMES, *_FACES, *_AUDIO, *_TEXT)
}
"""Importing it imports no heavy package: each extractor imports its own at first use."""
