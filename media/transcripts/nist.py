"""The formats of NIST's scoring tools: words with times (.ctm) and segments with text (.stm).

As the manual of SCTK describes them ("Input file formats" of sclite). Both hold any number of recordings.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import TranscriptError
from .collection import entry_of
from .from_words import between_pauses
from .marks import CTM, STM, is_word
from .model import Utterance, Word
from .text_file import numbered_lines, read_text
from .values import clipped_confidence, interval, number

_ALTERNATIVES = ("<ALT_BEGIN>", "<ALT>", "<ALT_END>")
_LABEL = re.compile(r"<[^<>]*>")
_NOT_TRANSCRIBED = "ignore_time_segment_in_scoring"


def read_ctm(path: Path, recording: str) -> list[Utterance]:
    """Read lines of ``recording channel start duration word [confidence]``, in seconds from the recording's start.

    Of several channels each is a speaker. Of alternatives (``<ALT_BEGIN>``) the first counts. A confidence outside
    [0, 1] is clipped; ``NA`` is none.

    Raises
    ------
    TranscriptError
        If a line is not of that form, or none is of the recording.
    """
    rows = _rows(path, recording, 5, "recording, channel, start, duration and word")
    several = len({fields[1] for _, fields in rows}) > 1
    words: dict[str, list[Word]] = {}
    is_other_alternative = False
    for where, (_, channel, start, duration, text, *rest) in rows:
        if text in _ALTERNATIVES:
            is_other_alternative = text == "<ALT>"
        elif is_word(text, CTM) and not is_other_alternative:
            begin = number(where, start)
            begin, end = interval(where, begin, begin + number(where, duration))
            confidence = 1.0 if not rest or rest[0] == "NA" else clipped_confidence(number(where, rest[0]))
            word = Word(text=text, start_seconds=begin, end_seconds=end, confidence=confidence)
            words.setdefault(channel if several else "", []).append(word)
    return [utterance for speaker, said in words.items() for utterance in between_pauses(said, speaker)]


def read_stm(path: Path, recording: str) -> list[Utterance]:
    """Read lines of ``recording channel speaker start end [<labels>] text``, in seconds.

    Of alternatives (``{ um / uh / @ }``) the first counts, words in parentheses may be left unsaid and are taken as
    said. Segments that scoring ignores have not been transcribed and are left out.

    Raises
    ------
    TranscriptError
        If a line is not of that form, or none is of the recording.
    """
    utterances = []
    for where, (_, _, speaker, start, end, *said) in _rows(
        path, recording, 5, "recording, channel, speaker, start, end"
    ):
        begin, finish = interval(where, number(where, start), number(where, end))
        tokens = said[1:] if said and _LABEL.fullmatch(said[0]) else said
        if [token.lower() for token in tokens] != [_NOT_TRANSCRIBED]:
            text = " ".join(first_alternatives(tokens))
            utterances.append(Utterance(text=text, start_seconds=begin, end_seconds=finish, speaker=speaker))
    return utterances


def first_alternatives(tokens: Sequence[str]) -> list[str]:
    """Return the words of a transcript in which ``{ a b / c }`` stands for ``a b`` or ``c``.

    Examples
    --------
    >>> first_alternatives("i've { { um / er } well / @ } (as) far".split())
    ["i've", 'um', 'well', 'as', 'far']
    """
    words = []
    depth = skipped_depth = 0
    for token in tokens:
        if token == "{":
            depth += 1
        elif token == "}":
            skipped_depth = 0 if depth == skipped_depth else skipped_depth
            depth = max(depth - 1, 0)
        elif token == "/" and depth:
            skipped_depth = skipped_depth or depth
        elif not skipped_depth and is_word(token, STM):
            words.append(token.removeprefix("(").removesuffix(")"))
    return words


def _rows(path: Path, recording: str, fewest: int, expected: str) -> list[tuple[str, list[str]]]:
    """Return the fields of every line of a recording."""
    lines = numbered_lines(path, read_text(path))
    rows = [(where, line.split()) for where, line in lines if not line.startswith(";;")]
    for where, fields in rows:
        if len(fields) < fewest:
            raise TranscriptError(f"{where}: has {len(fields)} fields; expected {expected}")
    if not rows:
        return []
    entry = entry_of(path, recording, (fields[0] for _, fields in rows))
    return [(where, fields) for where, fields in rows if fields[0] == entry]
