"""Hidden states of self-supervised and recognition models, frame by frame (transformers)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, AudioExtractor, Execution
from .speech_extractor import SpeechExtractor


@dataclass(frozen=True, kw_only=True)
class SpeechModel(SpeechExtractor, AudioExtractor):
    """One row per frame of wav2vec2, HuBERT, WavLM, data2vec-audio or the encoder of Whisper.

    A row's interval is the samples that the model's convolutions saw: of wav2vec2 and its kin 25 ms every 20 ms, of
    Whisper 65 ms around every 20 ms, cut off at the ends of the sound. Attention and the positions also see the rest of
    the sound, which the interval leaves out.

    Sound up to ``chunk_seconds`` goes through the model whole, as published code does it. Longer sound goes through in
    chunks with ``context_seconds`` on either side. Normalisation of the samples, where the model asks for it, and that
    inside the convolutions of models with group normalisation is over the whole sound all the same, and hidden state 0
    is that of the whole sound where the context covers the positional convolution (1.28 s in wav2vec2); attention looks
    no farther than the chunk. Memory: one chunk.

    References
    ----------
    A. Baevski et al., wav2vec 2.0, 2020; W.-N. Hsu et al., HuBERT, 2021; S. Chen et al., WavLM, 2022; A. Baevski et
    al., data2vec, 2022; A. Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022.
    """

    name: ClassVar[str] = "speech_model"

    @property
    def expected_rate(self) -> float:
        """One row for every frame of the model."""
        grid = self.describe().grid
        return grid.rate / grid.hop

    @property
    def schema(self) -> Schema:
        """``values``: numbers without unit."""
        columns = self.columns()
        return {"values": Field(shape=(len(columns),), columns=columns)}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Compute the track chunk by chunk; sound shorter than a frame gives no row and a gap."""
        schema = self.schema
        encoder = self.encoder(execution)
        grid = encoder.grid
        if not grid.count(len(audio.samples)):
            reason = f"sound shorter than the {grid.field / grid.rate:g} s that a frame of the model sees"
            gap = Gap(start_seconds=audio.start_seconds, end_seconds=audio.end_seconds, reason=reason)
            yield empty_track(schema, [gap])
            return
        start = 0
        for states in encoder.pieces(audio.samples):
            times = grid.times(start, start + len(states), audio.start_seconds, audio.end_seconds)
            yield Track(schema=schema, times=times, fields={"values": states})
            start += len(states)
