"""Words with their times: given by the transcript, found by forced alignment, or recognised."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np

from ...errors import ParameterError
from ...media import Audio, Utterance
from ...track import TEXT, Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution, TranscriptExtractor
from .alignment.aligners import AlignerName, aligner_packages, aligner_weights, make_aligner
from .alignment.placing import line, place, with_noises
from .alignment.timed_words import SAMPLE_RATE, TimedWord
from .cleaning import check_steps
from .recognition.recognise import ENGINES, recognise, recognition_files

WORDS = {
    "text": Field(dtype=TEXT),
    "confidence": Field(),
    "origin": Field(dtype=TEXT),
    "speaker": Field(dtype=TEXT),
    "utterance": Field(dtype="int32"),
}
"""One row per word. ``origin``: given, aligned, interpolated or recognised; ``utterance``: its number."""


@dataclass(frozen=True, kw_only=True)
class Words(TranscriptExtractor):
    """Every word of the transcript, in order: what has a letter or digit of any script, and the signs ``& @ % + =``.

    Words whose times the transcript gives keep them. Others are looked for in the sound, between the given ones around
    them and within the times of their utterance where it has any; see `PocketsphinxAligner` and `CtcAligner`. A word
    that is not found shares what its neighbours leave of the sound with the likes of it, in proportion to its letters,
    and is marked ``interpolated`` with confidence 0. Words that would lie outside the sound have no row, but a gap, as
    have utterances without any word.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "words"
    version: ClassVar[int] = 5

    aligner: AlignerName = "pocketsphinx"
    """What finds missing times: the English model inside pocketsphinx's wheel, a CTC model of any language, or nothing,
    for what needs no times of words: they share those of their utterance."""
    ctc_model: str = "facebook/wav2vec2-base-960h"
    """A hub name, a folder or ``package:NAME``; only ``aligner: ctc`` reads it."""
    margin_seconds: float = 0.1
    """How far around an utterance's given times its words are looked for."""
    clean: tuple[str, ...] = ()
    """Steps of cleaning that the words go through first; see `cleaning`."""
    source: Literal["transcript", "text"] = "transcript"
    """What is read where the corpus gives both: ``transcript`` files, or the ``text`` of the segments."""
    noises: bool = False
    """Whether silences and noises that a transcript times like words, as ``<sil>`` and ``++LAUGHTER++``, are words."""
    asr: Literal["none", "pocketsphinx", "faster-whisper", "transformers"] = "none"
    """What recognises words where a recording has no transcript."""
    asr_model: str = ""
    """The model for that: a hub name or a folder; none for pocketsphinx."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sample_rate != SAMPLE_RATE:
            raise ParameterError(f"alignment needs a sample_rate of {SAMPLE_RATE}, found {self.sample_rate}")
        if not 0 <= self.margin_seconds < math.inf:
            raise ParameterError(f"margin_seconds must be at least 0, found {self.margin_seconds}")
        if self.asr_model and self.asr in ("none", "pocketsphinx"):
            raise ParameterError(f"asr_model is '{self.asr_model}', but asr: {self.asr} reads no model; leave it out")
        if not self.asr_model and self.asr in ("faster-whisper", "transformers"):
            raise ParameterError(f"asr: {self.asr} needs an asr_model; expected the name of a model or a folder")
        check_steps(self.clean)

    @property
    def schema(self) -> Schema:
        """``text``, ``confidence``, ``origin``, ``speaker`` and ``utterance``."""
        return WORDS

    @property
    def reads_text(self) -> bool:
        """Whether the text of the segments counts even where they have transcript files."""
        return self.source == "text"

    @property
    def hears(self) -> bool:
        """Whether words are recognised where there is no transcript."""
        return self.asr != "none"

    @property
    def extra(self) -> str:
        """The extra that installs the recogniser, or else the aligner."""
        return ENGINES[self.asr].extra if self.hears else "extract"

    def needed_packages(self) -> tuple[str, ...]:
        """Return the modules of the aligner and of the recogniser."""
        return tuple(
            dict.fromkeys((*aligner_packages(self.aligner), *(ENGINES[self.asr].packages if self.hears else ())))
        )

    def weights(self) -> dict[str, Path]:
        """Return the files of the aligner and of the recogniser."""
        heard = recognition_files(self.asr, self.asr_model) if self.hears else {}
        aligned = aligner_weights(self.aligner, self.ctc_model)
        return {**aligned, **{f"asr {name}": path for name, path in heard.items()}}

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with pocketsphinx, whose models ship inside its wheel, in the place of all others."""
        aligner: AlignerName = "none" if self.aligner == "none" else "pocketsphinx"
        return replace(self, aligner=aligner, asr="pocketsphinx" if self.hears else "none", asr_model="")

    def extract(self, utterances: Sequence[Utterance], audio: Audio | None, execution: Execution = CPU) -> Track:
        """Time the words of all utterances."""
        recognised = not utterances and audio is not None and self.hears
        if recognised and audio is not None:
            utterances = recognise(audio, self.asr, self.asr_model, execution.device)
        if self.noises:
            utterances = [with_noises(utterance) for utterance in utterances]
        lines = [line(utterance, self.clean, "recognised" if recognised else "given") for utterance in utterances]
        placed = place(
            lines, audio, lambda: make_aligner(self.aligner, self.ctc_model, execution.device), self.margin_seconds
        )
        rows: list[tuple[TimedWord, str, int]] = []
        gaps: list[Gap] = []
        for number, (utterance, one, words) in enumerate(zip(utterances, lines, placed, strict=True)):
            rows += [(word, utterance.speaker, number) for word in words if word is not None]
            lost = [token for token, word in zip(one.tokens, words, strict=True) if word is None]
            if lost or not words:
                gaps.append(_gap(utterance, lost, audio))
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


def _gap(utterance: Utterance, lost: Sequence[str], audio: Audio | None) -> Gap:
    """Say why words of an utterance have no row, or why it has none at all."""
    if not lost:
        reason = f"no word in '{utterance.text[:40]}'" if utterance.text else "no words"
    elif audio is None:
        reason = f"no sound and no times to place the words by: '{' '.join(lost)[:40]}'"
    else:
        reason = f"outside the sound, which ends at {audio.end_seconds:.2f} s: '{' '.join(lost)[:40]}'"
    start = utterance.start_seconds or 0.0
    return Gap(start_seconds=start, end_seconds=max(start, utterance.end_seconds or start), reason=reason)
