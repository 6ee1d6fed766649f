"""How well a transcript fits the sound."""

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
from .alignment.aligners import aligner_packages, aligner_weights, make_aligner
from .alignment.placing import line, place
from .alignment.timed_words import SAMPLE_RATE, TimedWord, fitness


@dataclass(frozen=True, kw_only=True)
class Agreement(TranscriptExtractor):
    """One number per utterance, in [0, 1]: how well its words fit the sound at the time where they are said to be.

    The words are aligned anew, whatever times the transcript gives them: the agreement is the geometric mean of their
    confidences times the share of them that could be placed, among the words that the aligner can say. A confidence is
    a likelihood relative to the likeliest sounds, as the goodness of pronunciation of Witt & Young, Phone-level
    pronunciation scoring and assessment for interactive language learning, 2000; see `PocketsphinxAligner` and
    `CtcAligner`.

    With pocketsphinx texts that fit mostly have 0.1 to 0.4; below `DOUBTFUL` (0.05) an utterance should be listened to.
    What a CTC model gives depends on the model: compare within a corpus. Overlapping speech, noise and accents lower it
    too. An utterance without times is looked for between its neighbours.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "agreement"
    version: ClassVar[int] = 3

    aligner: Literal["pocketsphinx", "ctc"] = "pocketsphinx"
    """What compares: the English model inside pocketsphinx's wheel, or a CTC model of any language."""
    ctc_model: str = "facebook/wav2vec2-base-960h"
    """A hub name, a folder or ``package:NAME``; only ``aligner: ctc`` reads it."""
    margin_seconds: float = 0.1
    """How far around an utterance's given times its words are looked for."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sample_rate != SAMPLE_RATE:
            raise ParameterError(f"alignment needs a sample_rate of {SAMPLE_RATE}, found {self.sample_rate}")
        if not 0 <= self.margin_seconds < math.inf:
            raise ParameterError(f"margin_seconds must be at least 0, found {self.margin_seconds}")

    @property
    def schema(self) -> Schema:
        """``values``: the agreement; ``utterance``: the utterance's number; ``segment``: whose text it is, if any's."""
        return {
            "values": Field(shape=(1,), columns=("agreement",)),
            "utterance": Field(dtype="int32"),
            "segment": Field(dtype=TEXT),
        }

    def needed_packages(self) -> tuple[str, ...]:
        """Return the modules of the aligner."""
        return aligner_packages(self.aligner)

    def weights(self) -> dict[str, Path]:
        """Return the files of the aligner; pocketsphinx's ship inside its wheel."""
        return aligner_weights(self.aligner, self.ctc_model)

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with pocketsphinx, whose model ships inside its wheel."""
        return replace(self, aligner="pocketsphinx")

    def extract(self, utterances: Sequence[Utterance], audio: Audio | None, execution: Execution = CPU) -> Track:
        """Compare every utterance with the sound; what cannot be said, or lies outside it, has no row, but a gap."""
        if audio is None:
            return empty_track(
                self.schema, [Gap(start_seconds=0.0, end_seconds=0.0, reason="no sound to compare with")]
            )
        aligner = make_aligner(self.aligner, self.ctc_model, execution.device)
        lines = [line(_without_times(utterance), (), "given") for utterance in utterances]
        placed = place(lines, audio, lambda: aligner, self.margin_seconds)
        rows: list[tuple[float, float, float, int]] = []
        gaps: list[Gap] = []
        for number, (utterance, one, words) in enumerate(zip(utterances, lines, placed, strict=True)):
            inside = [word for word in words if word is not None]
            start, end = _extent(utterance, inside, audio)
            said = [word for token, word in zip(one.tokens, words, strict=True) if aligner.can_say(token)]
            if said and inside:
                found = [word if word is not None and word.origin == "aligned" else None for word in said]
                rows.append((start, end, fitness(found), number))
                continue
            unsaid = "nothing that can be said in English" if self.aligner == "pocketsphinx" else "nothing to spell"
            reason = f"outside the sound, which ends at {audio.end_seconds:.2f} s" if said else unsaid
            gaps.append(Gap(start_seconds=start, end_seconds=end, reason=f"{reason}: '{utterance.text[:40]}'"))
        if not rows:
            return empty_track(self.schema, gaps)
        rows.sort()
        segments = [utterances[number].segment for *_, number in rows]
        return Track(
            schema=self.schema,
            times=np.array([row[:2] for row in rows], np.float64),
            fields={
                "values": np.array([[row[2]] for row in rows], np.float32),
                "utterance": np.array([row[3] for row in rows], np.int32),
                "segment": np.array(segments, self.schema["segment"].empty().dtype),
            },
            gaps=tuple(gaps),
        )


def _without_times(utterance: Utterance) -> Utterance:
    """Return an utterance that keeps its own times and forgets those of its words."""
    words = utterance.words
    if not words:
        return utterance
    start, end = utterance.start_seconds, utterance.end_seconds
    return replace(
        utterance,
        text=" ".join(word.text for word in words),
        start_seconds=words[0].start_seconds if start is None else start,
        end_seconds=words[-1].end_seconds if end is None else end,
        words=(),
    )


def _extent(utterance: Utterance, words: Sequence[TimedWord], audio: Audio) -> tuple[float, float]:
    """Return when an utterance is: at its given times, else from its first word to its last."""
    timed = _without_times(utterance)
    first, last = (words[0].start, words[-1].end) if words else (audio.start_seconds, audio.start_seconds)
    start = first if timed.start_seconds is None else timed.start_seconds
    return start, max(start, last if timed.end_seconds is None else timed.end_seconds)
