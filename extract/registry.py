"""Every extractor by the name that recipes use."""

from .annotation import RatedAnnotation
from .audio.chroma import ChromaCqt
from .audio.f0 import F0
from .audio.mel import LogMel, MelSpectrogram
from .audio.mfcc import Mfcc
from .audio.opensmile import OpenSmile
from .audio.opensmile_functionals import OpenSmileFunctionals
from .audio.praat import Praat
from .audio.rms import Rms
from .audio.spectral import Spectral
from .audio.speech_embedding import SpeechEmbedding
from .audio.speech_model import SpeechModel
from .audio.voice_activity import VoiceActivity
from .audio.voice_quality import VoiceQuality
from .audio.waveform import Waveform
from .audio.zero_crossing_rate import ZeroCrossingRate
from .base import Extractor
from .imported.features import Imported
from .imported.openface import ImportedOpenFace
from .segments import Segments
from .text.agreement import Agreement
from .text.bert import Bert
from .text.sentence_embedding import SentenceEmbedding
from .text.tokens import Tokens
from .text.word_vectors import WordVectors
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
_SPECTRAL = (Mfcc, MelSpectrogram, LogMel, ChromaCqt, F0, Rms, ZeroCrossingRate, Spectral)
_SMILE_AND_PRAAT = (OpenSmile, OpenSmileFunctionals, Praat, VoiceQuality)
_AUDIO = (*_SPECTRAL, *_SMILE_AND_PRAAT, VoiceActivity, Waveform, SpeechModel, SpeechEmbedding)
_IMPORTED = (RatedAnnotation, Imported, ImportedOpenFace)
_TEXT = (Agreement, Words, Bert, SentenceEmbedding, Tokens, WordVectors)

EXTRACTORS: dict[str, type[Extractor]] = {
    extractor.name: extractor for extractor in (*_FRAMES, *_FACES, *_AUDIO, *_TEXT, Segments, *_IMPORTED)
}
"""Importing it imports no heavy package: each extractor imports its own at first use."""
