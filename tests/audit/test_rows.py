"""What rows of a store lack, each on its own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audited_stores import clean, write
from stores import OUTPUTS

from trimodal.audit import audit
from trimodal.store import FeatureStore, OutputArrays

CLS, SEP = 101, 102
TOKENS = replace(
    OUTPUTS["text"],
    dtype="int32",
    shape=(3,),
    names=("tokens.id", "tokens.mask", "tokens.segment"),
    has_text=False,
    timeline="rows of tokens",
)


def tokens(segments: Sequence[Sequence[int]]) -> OutputArrays:
    """Return an output of ids."""
    ids = np.array([id for one in segments for id in one], np.int32)
    start = np.arange(len(ids), dtype=np.float64)
    return OutputArrays(
        values=np.stack([ids, np.ones_like(ids), np.zeros_like(ids)], axis=1),
        times=np.stack([start, start + 1], axis=1),
        mask=np.ones(len(ids), bool),
        coverage=np.ones(len(ids), np.float32),
        offsets=np.cumsum([0, *map(len, segments)], dtype=np.int64),
    )


def store_of_tokens(path: Path, segments: Sequence[Sequence[int]]) -> FeatureStore:
    """Write the same three segments of tokens for every recording."""
    recordings = {
        name: replace(content, outputs={**content.outputs, "text": tokens(segments)})
        for name, content in clean().items()
    }
    return write(path, recordings, outputs={**OUTPUTS, "text": TOKENS})


SHORT = [CLS, 7, SEP]


@pytest.mark.parametrize(
    ("long", "found"),
    [
        ([CLS, 7, 8, SEP], []),
        ([CLS, 7, 8, 9], ["cut off at their end, without the last token (102) that all shorter ones have"]),
        ([7, 8, 9, SEP], ["cut off at their beginning, without the first token (101) that all shorter ones have"]),
    ],
)
def test_tokens_that_have_lost_a_mark(long: list[int], found: list[str], tmp_path: Path) -> None:
    store = store_of_tokens(tmp_path / "s.store", [SHORT, long, [CLS, SEP]])
    assert audit(store) == [f"output 'text': 4 segments are {what}" for what in found]


@pytest.mark.parametrize(
    "segments",
    [
        [[5, 6], [7, 8, 9], [6, 4]],  # a tokenizer that writes no marks: shorter ones end in many ways
        [[CLS, 7, 8], [CLS, 7, 9], [CLS, 8, 9]],  # none is shorter
        [[5, 6], [], [7, 8, 9]],  # of four recordings, all alike
    ],
)
def test_where_no_mark_shows_nothing_is_said(segments: list[list[int]], tmp_path: Path) -> None:
    assert audit(store_of_tokens(tmp_path / "s.store", segments)) == []


@pytest.mark.parametrize(("filled", "found"), [((0, 1), False), ((0,), True)])
def test_places_that_nothing_is_ever_in(filled: tuple[int, ...], found: bool, tmp_path: Path) -> None:
    recordings = {}
    for name, content in clean().items():
        video = content.outputs["video"]
        observed = np.stack([video.mask & (place in filled) for place in range(video.values.shape[1])], axis=1)
        values = np.where(observed[..., None], np.float16(3), np.float16(0)).astype(video.values.dtype)
        changed = replace(video, values=np.broadcast_to(values, video.values.shape).copy(), observed=observed)
        recordings[name] = replace(content, outputs={**content.outputs, "video": changed})
    store = write(
        tmp_path / "s.store", recordings, outputs={**OUTPUTS, "video": replace(OUTPUTS["video"], is_group=True)}
    )
    places = "output 'video': 1 of 2 places of a group are zeros in all of 36 groups (1, counted from 0)"
    assert audit(store) == ([places] if found else [])
