"""Speech models with a CTC head on a convolutional encoder: wav2vec2, HuBERT, WavLM, data2vec, MMS (transformers)."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....errors import WeightsError
from ...audio.speech_frames import Chunk, FrameGrid, chunks
from ...torch_precision import convolving_exactly
from ..recognition_model import load_recognition_model
from .timed_words import SAMPLE_RATE

if TYPE_CHECKING:
    from torch import Tensor

_CHUNK_SECONDS = 30.0
"""Longer sounds go through the model in chunks of at most this length."""
_CONTEXT_SECONDS = 2.0
"""What a chunk hears on either side of the part that is taken from it."""
_BATCH_SECONDS = {"cpu": 30.0, "cuda": 120.0}
"""Sound that goes through the model at once, by kind of device: on a CPU no more memory than a chunk needs."""
_ALIKE = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{MODIFIER LETTER APOSTROPHE}": "'"})


class _Piece(NamedTuple):
    """What of which sound goes through the model."""

    sound: int
    chunk: Chunk

    def frames(self) -> int:
        return self.chunk.stop - self.chunk.start


class CtcModel:
    """A loaded model: what it hears in every frame, when its frames are, and how words are spelled for it.

    A frame stands for the time around the middle of the samples that it saw, from one middle to the next.

    Raises
    ------
    WeightsError
        If the folder holds no such model, or lacks a part of it.
    """

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from transformers import AutoModelForCTC

        self._torch = torch
        model, self._features, self.tokenizer = load_recognition_model(folder, AutoModelForCTC)
        if not hasattr(model.config, "conv_kernel") or getattr(model.config, "add_adapter", False):
            kind = model.config.model_type
            raise WeightsError(f"{folder}: '{kind}' has no plain convolutional encoder; expected wav2vec2 or alike")
        vocabulary: dict[str, int] = self.tokenizer.get_vocab()
        delimiter: str | None = getattr(self.tokenizer, "word_delimiter_token", None)
        self.vocabulary_size: int = model.config.vocab_size
        self.blank: int = model.config.pad_token_id
        self.delimiter = None if delimiter is None else vocabulary.get(delimiter)
        self._alphabet = {
            token: number
            for token, number in vocabulary.items()
            if len(token) == 1 and number < self.vocabulary_size and number not in (self.blank, self.delimiter)
        }
        if not self._alphabet:
            raise WeightsError(f"{folder}: its vocabulary has no single characters; expected a model that spells")
        self._grid = FrameGrid.of_convolutions(SAMPLE_RATE, model.config.conv_kernel, model.config.conv_stride)
        # Group normalisation is over all that goes in, padding too; so is what several convolutions of positions see.
        self._pads = getattr(model.config, "feat_extract_norm", "layer") == "layer" and not hasattr(
            model.config, "conv_pos_kernel_size"
        )
        self._model = model.to(device)
        self._device = device
        self._batch_frames = _BATCH_SECONDS.get(device.partition(":")[0], 30.0) * SAMPLE_RATE / self._grid.hop

    def seconds(self, frame: float) -> float:
        """Return when a frame begins, counted from the first sample; it ends where the next one begins."""
        return float(frame * self._grid.hop + (self._grid.field - self._grid.hop) / 2) / SAMPLE_RATE

    def spell(self, word: str) -> list[int]:
        """Return the tokens of a word's characters.

        A character that the vocabulary lacks is taken in the other case, decomposed, or without its accents; one that
        is not there in any of these forms is left out.

        Returns
        -------
        list of int
            Empty where nothing is left, or where a digit would be left out: it is not silent.
        """
        found: list[int] = []
        for character in unicodedata.normalize("NFC", word.translate(_ALIKE)):
            known = next((form for form in _forms(character) if self._alphabet.keys() >= set(form)), "")
            if not known and character.isdigit():
                return []
            found += [self._alphabet[part] for part in known]
        return found

    def scores(
        self, sounds: Sequence[NDArray[np.float32]], tokens: Sequence[Sequence[int]]
    ) -> list[NDArray[np.float32]]:
        """Return how likely tokens are in every frame of some sounds.

        Long sounds are heard in chunks that overlap. Sounds and chunks of any length go through the model together,
        behind a mask where they are padded; of models in which padding would change the numbers (those with group
        normalisation, and data2vec) only those with the same number of frames do. Samples at the end that no frame sees
        are left out.

        Parameters
        ----------
        sounds
            Each of shape (n,), one channel at 16 kHz; slices of mapped files are fine.
        tokens
            For every sound the tokens asked for.

        Returns
        -------
        list of ndarray
            For every sound shape (frames, its tokens), logarithms of probabilities relative to the likeliest token of
            the frame.
        """
        frames = [self._grid.count(len(sound)) for sound in sounds]
        room, context = (round(each * SAMPLE_RATE / self._grid.hop) for each in (_CHUNK_SECONDS, _CONTEXT_SECONDS))
        pieces = [_Piece(sound, chunk) for sound, count in enumerate(frames) for chunk in chunks(count, room, context)]
        found = [np.empty((count, len(asked)), np.float32) for count, asked in zip(frames, tokens, strict=True)]
        for batch in self._batches(pieces):
            heard = self._logits(
                [sounds[piece.sound][self._grid.samples(piece.chunk.start, piece.chunk.stop)] for piece in batch]
            )
            for (sound, chunk), logits in zip(batch, heard, strict=True):
                kept = logits[chunk.first - chunk.start : chunk.last - chunk.start]
                asked = self._torch.tensor(tokens[sound], device=kept.device)
                relative = kept[:, asked] - kept.max(dim=1, keepdim=True).values
                found[sound][chunk.first : chunk.last] = relative.cpu().numpy()
        return found

    def _batches(self, pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
        """Group pieces, the shortest first; a batch and its padding hold at most `_BATCH_SECONDS` of sound."""
        batch: list[_Piece] = []
        for piece in sorted(pieces, key=_Piece.frames):
            frames = piece.frames()
            is_alike = self._pads or not batch or batch[0].frames() == frames
            if batch and not (is_alike and (len(batch) + 1) * frames <= self._batch_frames):
                yield batch
                batch = []
            batch.append(piece)
        if batch:
            yield batch

    def _logits(self, sounds: Sequence[NDArray[np.float32]]) -> "Tensor":
        """Return the logits of sounds, shape (sounds, frames of the longest, vocabulary)."""
        torch = self._torch
        copies = [np.array(sound) for sound in sounds]
        inputs = self._features(
            copies,
            sampling_rate=SAMPLE_RATE,
            padding=self._pads,
            return_attention_mask=self._pads,
            return_tensors="pt",
        ).to(self._device)
        with torch.inference_mode(), convolving_exactly():
            logits: Tensor = self._model(**inputs).logits.float()
        return logits


def _forms(character: str) -> Iterator[str]:
    """Yield the ways in which a vocabulary may write a character, the nearest first."""
    decomposed = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in decomposed if not unicodedata.combining(part))
    for form in (character, decomposed, plain):
        yield from (form, form.lower(), form.upper(), form.casefold())


@lru_cache(maxsize=2)
def load_ctc_model(folder: Path, device: str) -> CtcModel:
    """Return the model of a folder; it is kept for the next recording."""
    return CtcModel(folder, device)
