"""Every extractor by the name that recipes use."""

from .audio.mfcc import Mfcc
from .audio.opensmile import OpenSmile
from .base import Extractor
from .text.bert import Bert
from .text.words import Words
from .video.face_choice import FaceChoice
from .video.face_crop import FaceCrop
from .video.face_embedding import FaceEmbedding
from .video.faces import Faces

EXTRACTORS: dict[str, type[Extractor]] = {
    extractor.name: extractor
    for extractor in (Faces, FaceChoice, FaceCrop, FaceEmbedding, Mfcc, OpenSmile, Words, Bert)
}
"""Importing it imports no heavy package: each extractor imports its own at first use."""
