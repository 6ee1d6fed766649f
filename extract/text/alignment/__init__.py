"""Finding where in the sound the words of a text are said."""

from .timed_words import Aligner, Stretch, TimedWord

__all__ = ["Aligner", "Stretch", "TimedWord"]
