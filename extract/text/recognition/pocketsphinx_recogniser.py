"""Speech recognition with the models inside pocketsphinx's wheel: US English, an n-gram language model."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....errors import WeightsError
from ...weights import single_file
from ..alignment.timed_words import TimedWord

_FRAME_RATE = 100
_NO_WORD = ("<", "[", "+")
"""How silences and noises begin."""
_PRONUNCIATION = re.compile(r"\(\d+\)$")


class PocketsphinxRecogniser:
    """Hears words with an HMM of the 2010s: good for a first look, not for a corpus of wild speech.

    Parameters
    ----------
    model
        Empty: there is the one inside the package.
    device
        Not used; it runs on the CPU.

    Raises
    ------
    WeightsError
        If a model is named.
    """

    def __init__(self, model: str, device: str) -> None:
        import pocketsphinx

        self.files(model)
        self._decoder = pocketsphinx.Decoder(loglevel="FATAL")

    @staticmethod
    def files(model: str) -> Mapping[str, Path]:
        """Return the acoustic model, the dictionary and the language model."""
        if model:
            raise WeightsError(f"pocketsphinx has one model, inside its package; found '{model}'; leave it out")
        names = {"means": "en-us/means", "dictionary": "cmudict-en-us.dict", "language_model": "en-us.lm.bin"}
        return {key: single_file("pocketsphinx", f"model/en-us/{name}") for key, name in names.items()}

    def words(self, samples: NDArray[np.float32], start_seconds: float) -> list[TimedWord]:
        """Return the words of a sound; their confidence is the posterior probability in the lattice."""
        self._decoder.start_utt()
        pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return []
        return [
            TimedWord(
                text=_PRONUNCIATION.sub("", segment.word),
                start=start_seconds + segment.start_frame / _FRAME_RATE,
                end=start_seconds + (segment.end_frame + 1) / _FRAME_RATE,
                confidence=min(1.0, segment.prob),
                origin="recognised",
            )
            for segment in self._decoder.seg()
            if not segment.word.startswith(_NO_WORD)
        ]
