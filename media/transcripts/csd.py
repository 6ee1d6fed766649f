"""Word times in a computational sequence of the CMU Multimodal SDK (.csd, an HDF5 file)."""

from pathlib import Path

from ...errors import TranscriptError
from ..csd import open_csd
from .collection import entry_of
from .from_words import between_pauses
from .marks import SDK, is_word
from .model import Utterance, Word
from .values import interval, number


def read_csd(path: Path, recording: str) -> list[Utterance]:
    """Read the words of a recording: ``/<root>/data/<recording>/features (T, 1)`` and ``intervals (T, 2)`` in seconds.

    Pauses (``sp``) are left out. Nothing is read from other files, to which HDF5 may link.

    Raises
    ------
    TranscriptError
        If the file is not of that form, holds other features than words, or not this recording.
    """
    with open_csd(path, TranscriptError) as file:
        entry = entry_of(path, recording, file.entries())
        texts = file.rows(entry, "features", "words as bytes", columns=1)
        times = file.rows(entry, "intervals", columns=2)
    if len(texts) != len(times):
        raise TranscriptError(f"{path}: {len(texts)} words and {len(times)} intervals for '{recording}'")
    words = []
    for row, ((text,), (start, end)) in enumerate(zip(texts.tolist(), times.tolist(), strict=True)):
        where = f"{path}: row {row} of '{recording}'"
        begin, finish = interval(where, number(where, str(start)), number(where, str(end)))
        words.append(Word(text=_decoded(where, text), start_seconds=begin, end_seconds=finish))
    return between_pauses([word for word in words if is_word(word.text, SDK)])


def _decoded(where: str, text: bytes) -> str:
    try:
        return " ".join(text.decode().split())
    except UnicodeDecodeError:
        raise TranscriptError(f"{where}: {text[:40]!r} is not UTF-8; expected words in UTF-8") from None
