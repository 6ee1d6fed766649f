"""Speech recognition with Whisper as CTranslate2 runs it (faster-whisper)."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ....errors import WeightsError, one_line
from ..alignment.timed_words import TimedWord

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_NEEDED = ("model.bin", "config.json", "tokenizer.json")
_OPTIONAL = ("preprocessor_config.json", "vocabulary.json", "vocabulary.txt")


class FasterWhisperRecogniser:
    """Hears words with Whisper; the language is what each stretch sounds like.

    Decoding is a beam search at temperature 0, so that the same sound gives the same words. Word times come from the
    attention (Radford et al., Robust speech recognition via large-scale weak supervision, 2022), in steps of 20 ms.

    Parameters
    ----------
    model
        A size (``small``), a hub name, or the path of a folder with a converted model.
    device
        A torch device.

    Raises
    ------
    WeightsError
        If the model is missing, cannot be fetched, or is none for CTranslate2.
    """

    def __init__(self, model: str, device: str) -> None:
        self._model = _load(_folder(model), device)

    @staticmethod
    def files(model: str) -> Mapping[str, Path]:
        """Return the files that decide the words."""
        folder = _folder(model)
        return {name: folder / name for name in (*_NEEDED, *_OPTIONAL) if (folder / name).is_file()}

    def words(self, samples: NDArray[np.float32], start_seconds: float) -> list[TimedWord]:
        """Return the words of a sound; their confidence is the mean probability of their tokens."""
        segments, _ = self._model.transcribe(
            np.array(samples), word_timestamps=True, temperature=0.0, condition_on_previous_text=False
        )
        return [
            TimedWord(
                text=word.word.strip(),
                start=start_seconds + float(word.start),
                end=start_seconds + float(word.end),
                confidence=float(word.probability),
                origin="recognised",
            )
            for segment in segments
            for word in segment.words or ()
        ]


@lru_cache(maxsize=2)
def _load(folder: Path, device: str) -> "WhisperModel":
    """Return the model of a folder; it is kept for the next recording."""
    from faster_whisper import WhisperModel

    kind, _, index = device.partition(":")
    try:
        # One thread, as everything that runs in a worker has.
        return WhisperModel(str(folder), device=kind, device_index=int(index or 0), cpu_threads=1)
    except (RuntimeError, ValueError, OSError) as error:
        raise WeightsError(f"{folder}: not a Whisper model that CTranslate2 can load ({one_line(error)})") from None


def _folder(model: str) -> Path:
    """Return the local folder of a model, which is fetched where it is a name.

    faster-whisper has its own short names, and its models are of other files than those of transformers.
    """
    from faster_whisper import download_model

    if not model:
        raise WeightsError("faster-whisper needs a model; give a size such as 'small', a hub name or a folder")
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if model.startswith((".", "/", "~")):
            raise WeightsError(f"{model}: no such folder; expected a model converted for CTranslate2")
        try:
            folder = Path(download_model(model))
        except Exception as error:  # the network, the hub and the cache each raise errors of their own
            raise WeightsError(
                f"'{model}' is no local folder and could not be fetched from the hub ({type(error).__name__}); "
                f"download it where there is a network and give the folder's path"
            ) from None
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise WeightsError(f"{folder}: holds no {name}; expected a model converted for CTranslate2")
    return folder
