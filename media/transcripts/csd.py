"""Word times in a computational sequence of the CMU Multimodal SDK (.csd, an HDF5 file)."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import TranscriptError
from .collection import entry_of
from .from_words import between_pauses
from .model import Utterance, Word
from .tiers import is_word
from .values import interval, number

_MAX_BYTES = 64 * 2**20


def read_csd(path: Path, recording: str) -> list[Utterance]:
    """Read the words of a recording: ``/<root>/data/<recording>/features (T, 1)`` and ``intervals (T, 2)`` in seconds.

    Pauses (``sp``) are left out. Nothing is read from other files, to which HDF5 may link.

    Raises
    ------
    TranscriptError
        If the file is not of that form, holds other features than words, or not this recording.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if len(file) != 1:
                raise TranscriptError(f"{path}: has {len(file)} groups; expected one computational sequence")
            data = _member(path, _member(path, file, next(iter(file)), h5py.Group), "data", h5py.Group)
            names = [name for name in data if isinstance(name, str)]  # bytes where one is not UTF-8
            entry = _member(path, data, entry_of(path, recording, names), h5py.Group)
            texts = _array(path, entry, "features", kinds="S", columns=1)
            times = _array(path, entry, "intervals", kinds="fiu", columns=2)
    except (OSError, RuntimeError, KeyError, ValueError) as error:  # what h5py raises where bytes are damaged
        raise TranscriptError(f"{path}: not a whole HDF5 file ({error})".replace("\n", " ")) from None
    if len(texts) != len(times):
        raise TranscriptError(f"{path}: {len(texts)} words and {len(times)} intervals for '{recording}'")
    words = []
    for row, ((text,), (start, end)) in enumerate(zip(texts.tolist(), times.tolist(), strict=True)):
        where = f"{path}: row {row} of '{recording}'"
        begin, finish = interval(where, number(where, str(start)), number(where, str(end)))
        words.append(Word(text=_decoded(where, text), start_seconds=begin, end_seconds=finish))
    return between_pauses([word for word in words if is_word(word.text)])


def _member(path: Path, group: Any, name: str, kind: type) -> Any:
    """Return a group or dataset that lies in the file itself."""
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink) or not isinstance(member := group[name], kind):
        raise TranscriptError(
            f"{path}: '{group.name}' has no {kind.__name__.lower()} '{name}'; expected a computational sequence"
        )
    return member


def _array(path: Path, entry: Any, name: str, kinds: str, columns: int) -> NDArray[Any]:
    import h5py

    dataset = _member(path, entry, name, h5py.Dataset)
    if dataset.dtype.kind not in kinds or dataset.ndim != 2 or dataset.shape[1] != columns:
        raise TranscriptError(
            f"{path}: '{dataset.name}' is {dataset.dtype} of shape {dataset.shape}; "
            f"expected {columns} columns of {'words as bytes' if kinds == 'S' else 'numbers'}"
        )
    if dataset.nbytes > _MAX_BYTES or dataset.external or dataset.is_virtual:
        raise TranscriptError(f"{path}: '{dataset.name}' is not in the file, or larger than {_MAX_BYTES >> 20} MiB")
    return np.asarray(dataset[()])


def _decoded(where: str, text: bytes) -> str:
    try:
        return " ".join(text.decode().split())
    except UnicodeDecodeError:
        raise TranscriptError(f"{where}: {text[:40]!r} is not UTF-8; expected words in UTF-8") from None
