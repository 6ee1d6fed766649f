"""JSON with words and times, as whisperX, whisper and most alignment tools write it."""

import json
import math
from itertools import groupby
from pathlib import Path
from typing import Any

from ...errors import TranscriptError
from .model import Utterance, Word
from .plain import decode


def read_json(path: Path) -> list[Utterance]:
    """Read ``{"segments": [{"text", "start", "end", "speaker", "words": []}]}``, ``{"words": []}`` or a list of words.

    A word is ``{"word" or "text", "start", "end"}``, optionally with ``score``, ``probability`` or ``confidence`` and
    ``speaker``. Of words without segments, each speaker's turn is an utterance. A segment in which a word lacks its
    times counts as text without word times.

    Raises
    ------
    TranscriptError
        If the file is not JSON of that form; names the element.
    """
    try:
        data = json.loads(decode(path))
    except (ValueError, RecursionError) as error:
        raise TranscriptError(f"{path}: not JSON ({error})") from None
    if isinstance(data, dict) and isinstance(data.get("segments"), list):
        return [_segment(path, position, segment) for position, segment in enumerate(data["segments"])]
    words = data.get("words") if isinstance(data, dict) else data
    if not isinstance(words, list):
        raise TranscriptError(f"{path}: has neither 'segments' nor 'words'; expected JSON with words and times")
    spoken = [(str(word.get("speaker") or ""), word) if isinstance(word, dict) else ("", word) for word in words]
    return [
        _utterance(path, "words", [word for _, word in turn], speaker)
        for speaker, turn in groupby(spoken, key=lambda pair: pair[0])
    ]


def _segment(path: Path, position: int, segment: Any) -> Utterance:
    where = f"segments[{position}]"
    if not isinstance(segment, dict):
        raise TranscriptError(f"{path}: {where} is {json.dumps(segment)[:40]}; expected an object")
    speaker = str(segment.get("speaker") or "")
    start, end = _seconds(path, where, segment, "start"), _seconds(path, where, segment, "end")
    words = segment.get("words")
    if isinstance(words, list) and words:
        utterance = _utterance(path, f"{where}.words", words, speaker)
        if utterance.words:
            return utterance
    else:
        utterance = Utterance(text=str(segment.get("text") or "").strip())
    return Utterance(text=utterance.text, start_seconds=start, end_seconds=end, speaker=speaker)


def _utterance(path: Path, where: str, words: list[Any], speaker: str) -> Utterance:
    """Return the utterance of a list of words; without word times where one of them has none."""
    read = [_word(path, f"{where}[{position}]", word) for position, word in enumerate(words)]
    timed = tuple(word for word in read if isinstance(word, Word))
    text = " ".join(" ".join(word.text if isinstance(word, Word) else word for word in read).split())
    if len(timed) < len(read):
        return Utterance(text=text, speaker=speaker)
    return Utterance(
        text=text,
        start_seconds=min(word.start_seconds for word in timed),
        end_seconds=max(word.end_seconds for word in timed),
        speaker=speaker,
        words=timed,
    )


def _word(path: Path, where: str, word: Any) -> Word | str:
    text = word.get("word", word.get("text")) if isinstance(word, dict) else None
    if not isinstance(text, str):
        raise TranscriptError(f"{path}: {where} is {json.dumps(word)[:40]}; expected an object with 'word'")
    start, end = _seconds(path, where, word, "start"), _seconds(path, where, word, "end")
    if start is None or end is None:
        return text.strip()
    given = next((word[key] for key in ("score", "probability", "confidence") if key in word), 1.0)
    confidence = float(given) if _is_finite(given) else 0.0
    return Word(text=text.strip(), start_seconds=start, end_seconds=end, confidence=min(max(confidence, 0.0), 1.0))


def _seconds(path: Path, where: str, element: dict[str, Any], key: str) -> float | None:
    value = element.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not _is_finite(value):
        raise TranscriptError(f"{path}: {where}.{key} is {json.dumps(value)[:40]}; expected seconds")
    return float(value)


def _is_finite(value: Any) -> bool:
    """Whether a value is a number that fits a float; JSON's integers may have any length."""
    try:
        return isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:
        return False
