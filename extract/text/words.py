"""Words with their times: given by the transcript, or found by forced alignment."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from ...errors import ParameterError
from ...media import Audio, Utterance
from ...track import TEXT, Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution, TranscriptExtractor
from ..weights import single_file

WORDS = {
    "text": Field(dtype=TEXT),
    "confidence": Field(),
    "origin": Field(dtype=TEXT),
    "speaker": Field(dtype=TEXT),
    "utterance": Field(dtype="int32"),
}
"""One row per word. ``origin``: given, aligned or interpolated; ``utterance``: its number in the recording."""

_FRAME_RATE = 100
_SPOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
"""What can be spoken of a token: runs of letters and digits, apostrophes inside."""


@dataclass(frozen=True, kw_only=True)
class TimedWord:
    """A row of the words track in the making."""

    text: str
    start: float
    end: float
    confidence: float
    origin: Literal["given", "aligned", "interpolated"]


@dataclass(frozen=True, kw_only=True)
class Words(TranscriptExtractor):
    """Every word of the transcript that has a letter or digit in it, in order.

    Words whose times the transcript gives keep them. Others are aligned to the sound by pocketsphinx, within the times
    of their utterance where it has any: its English model cuts time into frames of 10 ms. A word that is not in its
    dictionary shares what its neighbours leave with the likes of it, in proportion to its letters, and is marked
    ``interpolated`` with confidence 0; so are all words of an utterance that does not fit the sound or has none.
    The confidence of an aligned word is the geometric mean over its frames of the likelihood of its sounds relative
    to the likeliest sound.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "words"
    packages: ClassVar[tuple[str, ...]] = ("pocketsphinx",)

    aligner: Literal["pocketsphinx"] = "pocketsphinx"
    """What finds missing times."""
    margin_seconds: float = 0.1
    """How far around an utterance's given times its words are looked for."""

    def __post_init__(self) -> None:
        if self.sample_rate != 16_000:
            raise ParameterError(f"pocketsphinx's model needs a sample_rate of 16000, found {self.sample_rate}")
        if not 0 <= self.margin_seconds < math.inf:
            raise ParameterError(f"margin_seconds must be at least 0, found {self.margin_seconds}")

    @property
    def schema(self) -> Schema:
        """``text``, ``confidence``, ``origin``, ``speaker`` and ``utterance``."""
        return WORDS

    def weights(self) -> dict[str, Any]:
        """Return the acoustic model and the dictionary, which ship inside pocketsphinx."""
        return {
            "means": single_file("pocketsphinx", "model/en-us/en-us/means"),
            "dictionary": single_file("pocketsphinx", "model/en-us/cmudict-en-us.dict"),
        }

    def extract(self, utterances: Sequence[Utterance], audio: Audio | None, execution: Execution = CPU) -> Track:
        """Time the words of all utterances."""
        aligner = _Pocketsphinx() if any(not utterance.words for utterance in utterances) and audio else None
        rows: list[tuple[TimedWord, str, int]] = []
        gaps: list[Gap] = []
        for number, utterance in enumerate(utterances):
            words = self._timed(utterance, audio, aligner)
            if words is None:
                reason = f"no sound and no times to place the words by: '{utterance.text[:40]}'"
                gaps.append(Gap(start_seconds=0.0, end_seconds=0.0, reason=reason))
            rows += [(word, utterance.speaker, number) for word in words or ()]
        rows.sort(key=lambda row: (row[0].start, row[2]))
        if not rows:
            return empty_track(self.schema, gaps)
        text = self.schema["text"].empty().dtype
        return Track(
            schema=self.schema,
            times=np.array([(word.start, word.end) for word, _, _ in rows], np.float64),
            fields={
                "text": np.array([word.text for word, _, _ in rows], text),
                "confidence": np.array([word.confidence for word, _, _ in rows], np.float32),
                "origin": np.array([word.origin for word, _, _ in rows], text),
                "speaker": np.array([speaker for _, speaker, _ in rows], text),
                "utterance": np.array([number for _, _, number in rows], np.int32),
            },
            gaps=tuple(gaps),
        )

    def _timed(
        self, utterance: Utterance, audio: Audio | None, aligner: "_Pocketsphinx | None"
    ) -> list[TimedWord] | None:
        """Return the words of an utterance, or None where nothing says when they are."""
        if utterance.words:
            return [
                TimedWord(
                    text=word.text,
                    start=word.start_seconds,
                    end=word.end_seconds,
                    confidence=word.confidence,
                    origin="given",
                )
                for word in utterance.words
                if _SPOKEN.search(word.text)
            ]
        tokens = [token for token in utterance.text.split() if _SPOKEN.search(token)]
        start, end = utterance.start_seconds, utterance.end_seconds
        if audio is None or aligner is None:
            return None if start is None or end is None else spread(tokens, [None] * len(tokens), start, end)
        low = audio.start_seconds if start is None else max(start - self.margin_seconds, audio.start_seconds)
        high = audio.end_seconds if end is None else min(end + self.margin_seconds, audio.end_seconds)
        first, last = (round((at - audio.start_seconds) * audio.rate) for at in (low, high))
        found = aligner.align(tokens, audio.samples[first : max(first, last)], low)
        if all(word is None for word in found):  # nothing fitted: the given times are all that is known
            low, high = (low if start is None else start), (high if end is None else end)
        return spread(tokens, found, low, max(low, high))


def spread(tokens: Sequence[str], found: Sequence[TimedWord | None], low: float, high: float) -> list[TimedWord]:
    """Give every run of words without times what its neighbours leave, in proportion to the words' letters.

    Parameters
    ----------
    tokens
        The words.
    found
        For every word its time, or None.
    low, high
        Bounds for runs at the beginning and at the end, in seconds.
    """
    words: list[TimedWord] = []
    position = 0
    while position < len(tokens):
        if (word := found[position]) is not None:
            words.append(word)
            position += 1
            continue
        stop = next((i for i in range(position, len(tokens)) if found[i] is not None), len(tokens))
        following = found[stop] if stop < len(tokens) else None
        begin = words[-1].end if words else low
        end = max(begin, following.start if following is not None else high)
        letters = np.cumsum([0, *(len(token) for token in tokens[position:stop])])
        edges = np.minimum(begin + (end - begin) * letters / letters[-1], end)  # rounding must not cross the bound
        words += [
            TimedWord(text=token, start=float(a), end=float(b), confidence=0.0, origin="interpolated")
            for token, a, b in zip(tokens[position:stop], edges[:-1], edges[1:], strict=True)
        ]
        position = stop
    return words


class _Pocketsphinx:
    """Forced alignment with the model inside pocketsphinx's wheel. One instance a recording: a decoder remembers."""

    def __init__(self) -> None:
        import pocketsphinx

        self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")

    def align(self, tokens: Sequence[str], samples: np.ndarray, start_seconds: float) -> list[TimedWord | None]:
        """Return every token's time in ``samples``, None for those that cannot be aligned."""
        spoken = [self._dictionary_words(token) for token in tokens]
        names = [name for names in spoken for name in names]
        segments = iter(self._segments(names, samples))
        words: list[TimedWord | None] = []
        for token, token_names in zip(tokens, spoken, strict=True):
            parts = [segment for _, segment in zip(token_names, segments, strict=False)]
            if not parts:
                words.append(None)
                continue
            first, last = parts[0].start_frame, parts[-1].end_frame + 1
            likelihood = math.prod(part.ascore for part in parts)
            words.append(
                TimedWord(
                    text=token,
                    start=start_seconds + first / _FRAME_RATE,
                    end=start_seconds + last / _FRAME_RATE,
                    confidence=min(1.0, likelihood ** (1 / (last - first))),
                    origin="aligned",
                )
            )
        return words

    def _dictionary_words(self, token: str) -> list[str]:
        """Return the dictionary words that a token is spoken as; none where one of them is not in the dictionary."""
        parts = _SPOKEN.findall(token.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
        return parts if all(self._decoder.lookup_word(part) for part in parts) else []

    def _segments(self, names: Sequence[str], samples: np.ndarray) -> list[Any]:
        """Return the segments of the named words, none where they do not fit the sound."""
        if not names or len(samples) * _FRAME_RATE < 2 * 16_000:
            return []
        self._decoder.set_align_text(" ".join(names))
        self._decoder.start_utt()
        pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return []
        segments = [s for s in self._decoder.seg() if not s.word.startswith(("<", "[", "+"))]
        return segments if [re.sub(r"\(\d+\)$", "", s.word) for s in segments] == list(names) else []
