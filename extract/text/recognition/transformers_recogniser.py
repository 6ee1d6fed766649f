"""Speech recognition with models of transformers: Whisper, or any with a CTC head."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ....errors import WeightsError, one_line
from ...weights import model_files, model_folder
from ..alignment.ctc_model import CtcModel, load_ctc_model
from ..alignment.timed_words import SAMPLE_RATE, TimedWord
from ..recognition_model import load_recognition_model


class TransformersRecogniser:
    """Hears words with the model of a folder or of the hub; what it is follows from its configuration.

    Parameters
    ----------
    model
        A hub name, the path of a local folder, or ``package:NAME``.
    device
        A torch device.

    Raises
    ------
    WeightsError
        If the model is missing, or recognises no speech.
    """

    def __init__(self, model: str, device: str) -> None:
        self.files(model)
        self._engine = _load(model_folder(model), device)

    @staticmethod
    def files(model: str) -> Mapping[str, Path]:
        """Return the files that decide the words."""
        if not model:
            raise WeightsError("recognition with transformers needs a model; give a hub name or a folder")
        return model_files(model_folder(model))

    def words(self, samples: NDArray[np.float32], start_seconds: float) -> list[TimedWord]:
        """Return the words of a sound."""
        return self._engine.words(samples, start_seconds)


class _Engine(Protocol):
    def words(self, samples: NDArray[np.float32], start_seconds: float) -> list[TimedWord]: ...


class _Ctc:
    """The likeliest token of every frame, without a language model.

    The confidence of a word is the geometric mean of the probabilities of its frames' likeliest tokens.
    """

    def __init__(self, model: CtcModel) -> None:
        self._model = model

    def words(self, samples: NDArray[np.float32], start_seconds: float) -> list[TimedWord]:
        (scores,) = self._model.scores([samples], [range(self._model.vocabulary_size)])
        if not len(scores):
            return []
        # The scores lack the sum over all tokens, which makes probabilities of them; the likeliest token's is 0.
        best = -np.log(np.exp(scores.astype(np.float64)).sum(axis=1))
        heard = self._model.tokenizer.decode(scores.argmax(axis=1), output_word_offsets=True).word_offsets
        return [
            TimedWord(
                text=word["word"],
                start=start_seconds + self._model.seconds(word["start_offset"]),
                end=start_seconds + self._model.seconds(word["end_offset"]),
                confidence=float(np.exp(best[word["start_offset"] : word["end_offset"]].mean())),
                origin="recognised",
            )
            for word in heard
        ]


class _Whisper:
    """Whisper through transformers' pipeline, which times words by attention and gives no confidence: it is 1."""

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from transformers import AutomaticSpeechRecognitionPipeline, AutoModelForSpeechSeq2Seq

        model, features, tokenizer = load_recognition_model(folder, AutoModelForSpeechSeq2Seq)
        if not getattr(model.generation_config, "alignment_heads", None):
            raise WeightsError(f"{folder}: generation_config.json lacks alignment_heads, which give words their times")
        self._pipeline: Any = AutomaticSpeechRecognitionPipeline(
            model=model,
            feature_extractor=features,
            tokenizer=tokenizer,
            device=torch.device(device),
        )

    def words(self, samples: NDArray[np.float32], start_seconds: float) -> list[TimedWord]:
        heard = self._pipeline({"raw": np.array(samples), "sampling_rate": SAMPLE_RATE}, return_timestamps="word")
        end_of_sound = len(samples) / SAMPLE_RATE
        words = []
        for chunk in heard["chunks"]:
            start, end = chunk["timestamp"]
            words.append(
                TimedWord(
                    text=chunk["text"].strip(),
                    start=start_seconds + start,
                    end=start_seconds + (end_of_sound if end is None else end),
                    confidence=1.0,
                    origin="recognised",
                )
            )
        return words


@lru_cache(maxsize=2)
def _load(folder: Path, device: str) -> _Engine:
    """Return what recognises with the model of a folder; it is kept for the next recording."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder}: not a model that transformers can load ({one_line(error)})") from None
    return _Whisper(folder, device) if config.model_type == "whisper" else _Ctc(load_ctc_model(folder, device))
