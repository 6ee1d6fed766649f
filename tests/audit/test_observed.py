"""What was observed in a store, and outputs whose rows do not belong together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audited_stores import clean, write
from stores import OUTPUTS

from trimodal.audit import audit
from trimodal.audit.observed import observed_by_split
from trimodal.audit.report import print_audit
from trimodal.store import JoinedTrack, OutputArrays, verify


def test_a_modality_that_a_split_never_has(tmp_path: Path) -> None:
    recordings = clean()
    video = recordings["d"].outputs["video"]
    blind = replace(
        video,
        values=np.zeros_like(video.values),
        mask=np.zeros_like(video.mask),
        coverage=np.zeros_like(video.coverage),
    )
    recordings["d"] = replace(recordings["d"], outputs={**recordings["d"].outputs, "video": blind})
    store = write(tmp_path / "s.store", recordings)
    assert audit(store) == ["output 'video': nothing was observed in the split 'test' (3 segments)"]
    test = next(one for one in observed_by_split(store) if (one.output, one.split) == ("video", "test"))
    assert (test.rows, test.observed, test.coverage, test.segments, test.empty) == (9, 0, 0.0, 3, 3)


def test_a_track_that_a_split_never_has_beside_one_that_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings = {}
    for name, content in clean().items():
        video = content.outputs["video"]
        # Of places and tracks: the second track has nothing in the test split.
        tracks_observed = np.stack([video.mask, video.mask & (name != "d")], axis=1)
        observed = np.stack([tracks_observed, np.zeros_like(tracks_observed)], axis=1)
        values = np.where(observed, np.float16(3), np.float16(0))
        recordings[name] = replace(
            content, outputs={**content.outputs, "video": replace(video, values=values, observed=observed)}
        )
    tracks = (JoinedTrack(name="f", columns=1, unit=""), JoinedTrack(name="g", columns=1, unit=""))
    outputs = {**OUTPUTS, "video": replace(OUTPUTS["video"], tracks=tracks, is_group=True)}
    store = write(tmp_path / "s.store", recordings, outputs=outputs)
    assert verify(store.path) == []
    assert audit(store) == [
        "track 'g' of output 'video': nothing was observed in the split 'test' (3 segments)",
        "output 'video': 1 of 2 places of a group are zeros in all of 36 groups (1, counted from 0)",
    ]
    of_video = {(one.track, one.split): one for one in observed_by_split(store) if one.output == "video"}
    for split in ("train", "valid"):
        counts = [of_video[track, split].observed for track in ("", "f", "g")]
        assert counts[0] == counts[1] == counts[2] > 0
    assert (of_video["g", "test"].observed, of_video["g", "test"].empty, of_video["f", "test"].empty) == (0, 3, 0)
    assert of_video["g", "train"].coverage is None
    print_audit(store, [])
    printed = capsys.readouterr().out
    assert "video: g" in printed


def test_what_was_observed_is_counted_by_split(tmp_path: Path) -> None:
    store = write(tmp_path / "s.store", clean(), shard_bytes=600)
    assert len(store.manifest.shards) > 1
    splits = store.segments["split"].to_numpy()
    for one in observed_by_split(store):
        rows = [store.rows(one.output, int(index)) for index in np.flatnonzero(splits == one.split)]
        assert one.segments == len(rows)
        assert one.rows == sum(map(len, rows))
        assert one.observed == sum(int(row.mask.sum()) for row in rows)
        assert one.empty == sum(not row.mask.any() for row in rows)
        assert one.coverage == pytest.approx(np.concatenate([row.coverage for row in rows]).mean())


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        ({"text": slice(0, 2), "video": slice(2, 4)}, 1),
        ({"text": slice(0, 2), "video": slice(0, 3)}, 0),  # one is longer
        ({"text": slice(0, 4), "video": slice(1, 4)}, 0),
        ({"text": slice(0, 0), "video": slice(2, 4)}, 0),
    ],
)
def test_rows_of_two_outputs_that_are_cut_off_at_different_ends(
    kept: dict[str, slice], found: int, tmp_path: Path
) -> None:
    recordings = clean()
    outputs = {name: rows_of_last(recordings["a"].outputs[name], rows) for name, rows in kept.items()}
    recordings["a"] = replace(recordings["a"], outputs=outputs)
    assert (
        audit(write(tmp_path / "s.store", recordings))
        == [
            "outputs 'text' and 'video' (words): cut off at different ends in 1 segments; expected 'keep: first', or "
            "'keep: last', for both"
        ][:found]
    )


def rows_of_last(arrays: OutputArrays, rows: slice) -> OutputArrays:
    """Return the rows of three segments, some of those of the last one."""
    first = arrays.offsets[-2]
    places = np.r_[:first, np.arange(first, arrays.offsets[-1])[rows]]
    names = ("values", "times", "mask", "coverage")
    text = None if arrays.text is None else arrays.text[places]
    offsets = np.array([*arrays.offsets[:-1], len(places)])
    return replace(arrays, **{name: getattr(arrays, name)[places] for name in names}, text=text, offsets=offsets)
