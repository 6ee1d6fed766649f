"""Rows for sub-words: when each is said and which word it is of."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...track import TEXT, Field, Gap, Schema, Track, empty_track
from .tokenizer import Subwords, SubwordTokenizer

SUBWORDS = {
    "row": Field(dtype="int64"),
    "utterance": Field(dtype="int32"),
    "text": Field(dtype=TEXT),
}
"""Beside ``values``. ``row``: the row of the words track that a sub-word is of, -1 for a special token;
``utterance``: the utterance's number in the recording; ``text``: the sub-word as the vocabulary writes it."""


def utterance_rows(words: Track) -> list[NDArray[np.intp]]:
    """Return the rows of every utterance of a words track, in order; the tokens of several can be mixed in time."""
    numbers = words.fields["utterance"].astype(np.int64)
    order = np.argsort(numbers, kind="stable")
    groups: list[NDArray[np.intp]] = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
    return groups if len(words) else []


def utterance_texts(words: Track, groups: Sequence[NDArray[np.intp]]) -> list[list[str]]:
    """Return the words of every group of rows."""
    return [[str(text) for text in words.fields["text"][rows]] for rows in groups]


def words_without(words: Track, rows: NDArray[np.intp], reason: str) -> list[Gap]:
    """Return a gap for each of some rows of a words track; ``{}`` in the reason stands for the word."""
    return [
        Gap(start_seconds=float(start), end_seconds=float(end), reason=reason.format(str(text)[:40]))
        for (start, end), text in zip(words.times[rows], words.fields["text"][rows], strict=True)
    ]


def subword_track(
    schema: Schema,
    words: Track,
    utterances: Iterable[tuple[NDArray[np.intp], Subwords, NDArray[np.generic]]],
    tokenizer: SubwordTokenizer,
    gaps: Sequence[Gap],
) -> Track:
    """Make the track of sub-words.

    A sub-word has the time of its whole word: more is not known. A special token has an interval without length: one
    before the words where the utterance starts, one after them at its last moment, so that both lie in it.

    Parameters
    ----------
    schema
        ``values`` and `SUBWORDS`.
    words
        The words track.
    utterances
        For each the rows of its words, its sub-words and their values.
    tokenizer
        What the sub-words are of.
    gaps
        Gaps of the track beside those of the words.
    """
    times, columns = [], {name: [field.empty()] for name, field in schema.items()}
    text = schema["text"].empty().dtype
    for rows, subwords, values in utterances:
        is_special = subwords.word < 0
        row = np.where(is_special, -1, rows[subwords.word])
        after = np.arange(len(row)) >= len(row) - len(tokenizer.after)
        starts, ends = words.times[rows].T
        last_moment = max(np.nextafter(ends.max(), -np.inf), starts.max())  # the end is no part of the utterance
        bound = np.where(after, last_moment, starts.min())
        times.append(np.where(is_special[:, None], bound[:, None], words.times[row]))
        columns["values"].append(values)
        columns["row"].append(row)
        columns["utterance"].append(np.repeat(words.fields["utterance"][rows[:1]], len(row)))
        columns["text"].append(np.array(tokenizer.texts(subwords.ids), text))
    all_gaps = (*words.gaps, *gaps)
    if not times:
        return empty_track(schema, all_gaps)
    intervals = np.concatenate(times)
    order = np.argsort(intervals[:, 0], kind="stable")
    fields = {name: np.concatenate(parts)[order].astype(parts[0].dtype) for name, parts in columns.items()}
    return Track(schema=schema, times=intervals[order], fields=fields, gaps=all_gaps)
