"""One vector of a speech model per stretch of sound (transformers)."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution, SpanExtractor
from .speech_encoder import SpeechEncoder
from .speech_extractor import SpeechExtractor
from .speech_pooling import PREFIXES, Pool, RunningPool

_SPANS_AT_ONCE = 256
"""Among so many, those of the same length are looked for."""

_Vectors = dict[int, NDArray[np.float32]]
"""By the row of their span, in order."""


@dataclass(frozen=True, kw_only=True)
class SpeechEmbedding(SpeechExtractor, SpanExtractor):
    """The pooled hidden states of every stretch of sound: sliding windows, words, segments.

    ``context: alone`` runs every stretch through the model on its own, normalised on its own and never padded, as
    published code does it. ``context: recording`` runs the recording through once, as `SpeechModel` does, and pools the
    frames that have their middle in the stretch: another feature, as frames then know what lies around the stretch and
    levels are those of the recording, and a cheaper one, as windows that overlap share the work.

    A row's interval is its stretch as far as there is sound. A stretch (or what of it is sound) in which no frame fits
    has no row and a gap.

    Sound up to ``chunk_seconds`` goes through the model whole, longer stretches as `SpeechModel` says. Memory: one
    chunk or batch, and one vector for every stretch that is not finished.

    References
    ----------
    As for `SpeechModel`.
    """

    name: ClassVar[str] = "speech_embedding"

    context: Literal["alone", "recording"] = "alone"
    """What the model hears together with a stretch: nothing, or the recording."""
    pool: Pool = "mean"
    """What is taken over the frames: ``mean``, ``max``, or ``mean_std``, the mean and beside it the standard
    deviation."""

    @property
    def schema(self) -> Schema:
        """``values``: numbers without unit; ``row``: the number of the stretch."""
        columns = tuple(f"{prefix}{column}" for prefix in PREFIXES[self.pool] for column in self.columns())
        return {"values": Field(shape=(len(columns),), columns=columns), "row": Field(dtype="int64")}

    def extract(self, audio: Audio, spans: NDArray[np.float64], execution: Execution = CPU) -> Iterator[Track]:
        """Compute the track some stretches at a time."""
        schema = self.schema
        encoder = self.encoder(execution)
        times = np.clip(spans, audio.start_seconds, audio.end_seconds)
        missing = np.ones(len(spans), bool)
        pieces = self._alone(audio, spans, encoder) if self.context == "alone" else self._shared(audio, spans, encoder)
        for vectors in pieces:
            if vectors:
                rows = np.array(list(vectors), np.int64)
                fields: dict[str, NDArray[np.generic]] = {"values": np.stack(list(vectors.values())), "row": rows}
                yield Track(schema=schema, times=times[rows], fields=fields)
                missing[rows] = False
        reason = f"too little sound for a frame of the model, which sees {encoder.grid.field / encoder.grid.rate:g} s"
        gaps = [Gap(start_seconds=start, end_seconds=end, reason=reason) for start, end in spans[missing].tolist()]
        yield empty_track(schema, gaps)

    def _alone(self, audio: Audio, spans: NDArray[np.float64], encoder: SpeechEncoder) -> Iterator[_Vectors]:
        """Run every stretch for itself, those of the same length together."""
        for start in range(0, len(spans), _SPANS_AT_ONCE):
            rows = range(start, min(start + _SPANS_AT_ONCE, len(spans)))
            sounds = {row: audio.between(*spans[row]).samples for row in rows}
            pools = {row: RunningPool(self.pool) for row in rows if encoder.grid.count(len(sounds[row]))}
            for batch in _batches({row: len(sounds[row]) for row in pools}, encoder):
                if encoder.fits(len(sounds[batch[0]])):
                    for row, states in zip(batch, encoder.whole([sounds[row] for row in batch]), strict=True):
                        pools[row].add(states)
                else:
                    for row in batch:
                        for states in encoder.pieces(sounds[row]):
                            pools[row].add(states)
            yield {row: pool.vector() for row, pool in pools.items()}

    def _shared(self, audio: Audio, spans: NDArray[np.float64], encoder: SpeechEncoder) -> Iterator[_Vectors]:
        """Run the whole sound, and give every stretch the frames that have their middle in it."""
        frames = encoder.grid.count(len(audio.samples))
        ranges = encoder.grid.within(spans, audio.start_seconds, frames)
        coming = deque((row, first, last) for row, (first, last) in enumerate(ranges.tolist()) if first < last)
        open_pools: deque[tuple[int, int, int, RunningPool]] = deque()
        start = 0
        for states in encoder.pieces(audio.samples) if coming else ():
            stop = start + len(states)
            while coming and coming[0][1] < stop:
                open_pools.append((*coming.popleft(), RunningPool(self.pool)))
            for _, first, last, pool in open_pools:
                if last > start:
                    pool.add(states[max(first, start) - start : last - start])
            finished: _Vectors = {}
            while open_pools and open_pools[0][2] <= stop:  # in order: what is behind a longer one waits for it
                row, _, _, pool = open_pools.popleft()
                finished[row] = pool.vector()
            yield finished
            start = stop


def _batches(lengths: dict[int, int], encoder: SpeechEncoder) -> Iterator[list[int]]:
    """Group rows whose sounds have the same length, in samples."""
    for samples, group in groupby(sorted(lengths, key=lengths.__getitem__), lengths.__getitem__):
        alike = list(group)
        at_once = encoder.at_once(samples)
        for first in range(0, len(alike), at_once):
            yield alike[first : first + at_once]
