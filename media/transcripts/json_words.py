"""JSON with what was said and when, of the form that whisper, whisperX, Gentle, aeneas or Montreal write."""

import json
import math
from collections.abc import Sequence
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

from ...errors import TranscriptError
from .from_words import between_pauses, utterance_of
from .model import Utterance, Word
from .text_file import read_text
from .tiers import tier_utterances
from .values import clipped_confidence, interval, number


def read_json(path: Path) -> list[Utterance]:
    """Read a JSON file of one of these forms; where it has several, the first counts.

    - ``{"segments": [{"text", "start", "end", "speaker", "words": []}]}``: whisper and whisperX; a segment in which
      words have several speakers is several utterances;
    - ``{"words": []}``, ``{"word_segments": []}`` or a list of words: Gentle and most others; a speaker's turn, or what
      lies between two pauses of a second, is an utterance;
    - ``{"fragments": [{"lines": [], "begin", "end"}]}``: aeneas;
    - ``{"tiers": {"words": {"entries": [[start, end, label]]}}}``: the Montreal Forced Aligner; see `tier_utterances`.

    A word is ``{"word" or "text", "start", "end"}``, optionally with ``score``, ``probability`` or ``confidence`` and
    ``speaker``. One that lacks its start or end (digits in whisperX, what Gentle did not find) has no time.

    Raises
    ------
    TranscriptError
        If the file is not JSON of that form; names the element.
    """
    try:
        data = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise TranscriptError(f"{path}: not JSON ({error})") from None
    match data:
        case {"segments": [*segments]}:
            return [said for i, segment in enumerate(segments) for said in _segment(f"{path}: segments[{i}]", segment)]
        case {"words": [*words]} | {"word_segments": [*words]} | [*words]:
            spoken = [
                (str(word.get("speaker") or ""), word) if isinstance(word, dict) else ("", word) for word in words
            ]
            read = [(speaker, _word(f"{path}: words[{i}]", word)) for i, (speaker, word) in enumerate(spoken)]
            return [
                utterance
                for speaker, turn in groupby(read, key=lambda pair: pair[0])
                for utterance in between_pauses([word for _, word in turn], speaker)
            ]
        case {"fragments": [*fragments]}:
            return [_fragment(f"{path}: fragments[{i}]", fragment) for i, fragment in enumerate(fragments)]
        case {"tiers": {**tiers}}:
            return tier_utterances({str(name): _entries(f"{path}: tiers.{name}", tier) for name, tier in tiers.items()})
    raise TranscriptError(
        f"{path}: has none of 'segments', 'words', 'word_segments', 'fragments' and 'tiers'; expected JSON with words "
        "and times"
    )


def _segment(where: str, segment: Any) -> list[Utterance]:
    if not isinstance(segment, dict):
        raise TranscriptError(f"{where} is {_shown(segment)}; expected an object")
    speaker = str(segment.get("speaker") or "")
    start, end = _times(where, segment)
    match segment.get("words"):
        case [_, *_] as words:
            read = [_word(f"{where}.words[{i}]", word) for i, word in enumerate(words)]
            turns = _turns(speaker, [str(word.get("speaker") or "") for word in words], read)
            last = len(turns) - 1
            return [
                utterance_of(turn, name, None if number else start, end if number == last else None)
                for number, (name, turn) in enumerate(turns)
            ]
    text = " ".join(str(segment.get("text") or "").split())
    return [Utterance(text=text, start_seconds=start, end_seconds=end, speaker=speaker)]


def _turns(of_segment: str, speakers: Sequence[str], words: Sequence[Word]) -> list[tuple[str, list[Word]]]:
    """Return the words of a segment by turns; one that names no speaker is of the one before it."""
    first = of_segment or next(filter(None, speakers), "")
    names = [*accumulate(speakers, lambda before, named: named or before, initial=first)][1:]
    turns = groupby(zip(names, words, strict=True), key=lambda pair: pair[0])
    return [(name, [word for _, word in turn]) for name, turn in turns]


def _word(where: str, word: Any) -> Word:
    text = word.get("word", word.get("text")) if isinstance(word, dict) else None
    if not isinstance(text, str):
        raise TranscriptError(f"{where} is {_shown(word)}; expected an object with 'word'")
    text = " ".join(text.split())
    start, end = _times(where, word)
    if start is None or end is None:
        return Word(text=text)
    given = next((word[key] for key in ("score", "probability", "confidence") if key in word), 1.0)
    confidence = clipped_confidence(float(given)) if _is_finite(given) else 0.0
    return Word(text=text, start_seconds=start, end_seconds=end, confidence=confidence)


def _fragment(where: str, fragment: Any) -> Utterance:
    match fragment:
        case {"lines": [*lines], "begin": str(begin), "end": str(end)}:
            start, finish = interval(where, number(f"{where}.begin", begin), number(f"{where}.end", end))
            text = " ".join(" ".join(map(str, lines)).split())
            return Utterance(text=text, start_seconds=start, end_seconds=finish)
    raise TranscriptError(f"{where} is {_shown(fragment)}; expected an object with 'lines', 'begin' and 'end'")


def _entries(where: str, tier: Any) -> list[tuple[float, float, str]]:
    match tier:
        case {"entries": [*entries]}:
            return [_entry(f"{where}.entries[{i}]", entry) for i, entry in enumerate(entries)]
    raise TranscriptError(f"{where} is {_shown(tier)}; expected an object with 'entries'")


def _entry(where: str, entry: Any) -> tuple[float, float, str]:
    match entry:
        case [start, end, str(label)] if _is_finite(start) and _is_finite(end):
            return (*interval(where, float(start), float(end)), label)
    raise TranscriptError(f"{where} is {_shown(entry)}; expected [start, end, label]")


def _times(where: str, element: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return start and end in seconds, None where they are not given."""
    start, end = element.get("start"), element.get("end")
    for key, value in (("start", start), ("end", end)):
        if value is not None and not _is_finite(value):
            raise TranscriptError(f"{where}.{key} is {_shown(value)}; expected seconds")
    if start is not None and end is not None:
        return interval(where, float(start), float(end))
    return (None if start is None else float(start)), (None if end is None else float(end))


def _is_finite(value: Any) -> bool:
    """Whether a value is a number that fits a float; JSON's integers may have any length."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _shown(value: Any) -> str:
    try:
        return json.dumps(value)[:40]
    except RecursionError:  # what could just be read may nest too deeply to be written
        return "nested too deeply"
