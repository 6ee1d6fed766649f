"""Forced alignment with a CTC model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...weights import model_files, model_folder
from .ctc_model import load_ctc_model
from .ctc_path import ANYTHING, BETWEEN, BLANK, FIRST_CHARACTER, place_words
from .timed_words import Stretch, TimedWord

_UNKNOWN_SOUND = -np.log(2.0)
"""What a frame of a word that cannot be spelled scores: characters around it that are at least half as likely as the
likeliest token are theirs."""


class CtcAligner:
    """Places words by the characters that a model hears.

    The model may be of any language that it was trained for: the alphabet is its own. Words are spelled in it without
    regard to case and, where it lacks them, accents; what it cannot write is left out, and a word of which nothing is
    left is not placed (nor one with digits, where it has none). Models of another script, as MMS's aligner for
    romanised text, need text that is written in it.

    Parameters
    ----------
    model
        A hub name, the path of a local folder, or ``package:NAME``.
    device
        A torch device.

    Raises
    ------
    WeightsError
        If the model is missing, or is no CTC model that spells.
    """

    def __init__(self, model: str, device: str) -> None:
        folder = model_folder(model)
        model_files(folder)
        self._model = load_ctc_model(folder, device)

    def align(self, stretches: Sequence[Stretch]) -> list[list[TimedWord | None]]:
        """Return for every stretch one entry per token: its time, or None where it could not be placed."""
        spelled = [[self._model.spell(token) for token in stretch.tokens] for stretch in stretches]
        tokens = [sorted({token for word in words for token in word}) for words in spelled]
        blank = self._model.blank
        between = blank if self._model.delimiter is None else self._model.delimiter
        heard = self._model.scores(
            [stretch.samples for stretch in stretches],
            [[blank, between, blank, *own] for own in tokens],  # the third makes room for what fits anything
        )
        return [
            self._timed(stretch, words, own, scores)
            for stretch, words, own, scores in zip(stretches, spelled, tokens, heard, strict=True)
        ]

    def can_say(self, token: str) -> bool:
        """Return whether the model's alphabet spells something of a word."""
        return bool(self._model.spell(token))

    def _timed(
        self,
        stretch: Stretch,
        words: Sequence[Sequence[int]],
        tokens: Sequence[int],
        scores: NDArray[np.float32],
    ) -> list[TimedWord | None]:
        scores[:, BETWEEN] = np.maximum(scores[:, BLANK], scores[:, BETWEEN])
        scores[:, ANYTHING] = np.maximum(scores[:, BETWEEN], _UNKNOWN_SOUND)
        columns = {token: FIRST_CHARACTER + position for position, token in enumerate(tokens)}
        spans = place_words(scores, [[columns[token] for token in word] for word in words])
        return [
            None
            if span is None
            else TimedWord(
                text=text,
                start=stretch.start_seconds + self._model.seconds(span.start),
                end=stretch.start_seconds + self._model.seconds(span.end),
                confidence=span.confidence,
                origin="aligned",
            )
            for text, span in zip(stretch.tokens, spans, strict=True)
        ]
