"""Finding what is said where there is no transcript."""

from .recognise import ENGINES, recognise, recognition_files

__all__ = ["ENGINES", "recognise", "recognition_files"]
