"""Face detectors behind one contract. One file per family."""

from .base import Detections, Detector
from .dlib_detectors import dlib_cnn, dlib_hog
from .mtcnn import Mtcnn
from .scaled import ScaledDetector
from .yunet import Yunet

__all__ = ["Detections", "Detector", "Mtcnn", "ScaledDetector", "Yunet", "dlib_cnn", "dlib_hog"]
