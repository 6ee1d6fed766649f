"""Recognition of the phrases of a known text in a long sound."""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .anchors import Heard
from .timed_words import SAMPLE_RATE, pcm

_FRAME_RATE = 100
_WINDOW_SECONDS = 30
"""Heard at once; a word across the border of two windows is missed."""

Hearing = Mapping[str, Any]
"""Settings of the decoder."""
_ONE_PASS: Hearing = {"bestpath": False, "fwdflat": False, "maxhmmpf": 3000}
CAREFUL: Hearing = {**_ONE_PASS, "beam": 1e-30, "pbeam": 1e-30, "wbeam": 1e-20, "ds": 2}
"""Every other frame is taken for the one before it, which is faster by half and costs no words."""
FAST: Hearing = {
    **_ONE_PASS,
    "beam": 1e-20,
    "pbeam": 1e-20,
    "lpbeam": 1e-20,
    "wbeam": 1e-14,
    "lponlybeam": 1e-14,
    "ds": 2,
    "topn": 2,
}
"""Two thirds as many words, a third faster."""


class PhraseListener:
    """Hears the words of one text, with the trigrams of that text as the language model.

    Parameters
    ----------
    names
        The words of the text, in order.
    pronunciations
        Of a word: phones between spaces.
    hearing
        `FAST` or `CAREFUL`.
    """

    def __init__(self, names: Sequence[str], pronunciations: Callable[[str], Sequence[str]], hearing: Hearing) -> None:
        import pocketsphinx
        from pocketsphinx.lm import ArpaBoLM

        model = ArpaBoLM(sentfile=StringIO(f"<s> {' '.join(names)} </s>\n"))
        model.compute()
        with tempfile.TemporaryDirectory() as folder:
            # Only the words of the text: with a whole dictionary it takes seconds to bring in a language model.
            dictionary, language = Path(folder) / "text.dict", Path(folder) / "text.lm"
            dictionary.write_text("".join(_entries(sorted(set(names)), pronunciations)), "utf-8")
            model.write_file(str(language))
            self._decoder = pocketsphinx.Decoder(dict=str(dictionary), lm=str(language), loglevel="FATAL", **hearing)

    def hear(self, samples: NDArray[np.float32]) -> Iterator[Heard]:
        """Yield what is recognised, in order; times are in seconds from the first sample."""
        for start in range(0, len(samples), _WINDOW_SECONDS * SAMPLE_RATE):
            self._decoder.reinit_feat()
            self._decoder.start_utt()
            self._decoder.process_raw(pcm(samples[start : start + _WINDOW_SECONDS * SAMPLE_RATE]), full_utt=True)
            self._decoder.end_utt()
            for segment in self._decoder.seg() if self._decoder.hyp() is not None else ():
                if not segment.word.startswith(("<", "[")):
                    yield Heard(
                        word=re.sub(r"\(\d+\)$", "", segment.word),
                        start_seconds=start / SAMPLE_RATE + segment.start_frame / _FRAME_RATE,
                        end_seconds=start / SAMPLE_RATE + (segment.end_frame + 1) / _FRAME_RATE,
                    )


def _entries(names: Sequence[str], pronunciations: Callable[[str], Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a dictionary; all but the first pronunciation of a word are numbered."""
    for name in names:
        for number, phones in enumerate(pronunciations(name), 1):
            yield f"{name}({number}) {phones}\n" if number > 1 else f"{name} {phones}\n"
