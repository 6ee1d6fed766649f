"""Parts of a store, made by workers beside each other."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from poison import write_sound

from trimodal.aligning import Member, parts_of
from trimodal.corpus import Corpus, read_corpus
from trimodal.errors import CorpusError
from trimodal.extract.recording import RecordingTracks
from trimodal.extract.running import Running
from trimodal.pipeline import Extraction, align, extract, find_tracks, run
from trimodal.recipe import Recipe, parse_recipe
from trimodal.store import FeatureStore, StoreDescription, StoreWriter, verify

# Two recordings a part: a second of 120 numbers a hop of 10 ms takes 50 kB, and three quarters of 140 are filled.
RECIPE = "tracks: {mfcc: {}}\nalign: {voice: {tracks: [mfcc], timeline: none}}\nstore: {shard_megabytes: 0.14}"


@pytest.fixture
def recipe() -> Recipe:
    return parse_recipe(RECIPE, "sound.yaml")


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in "abcdefg":
        write_sound(folder / f"{name}.wav", 1.0)
    return read_corpus(folder)


@pytest.fixture
def extraction(corpus: Corpus, recipe: Recipe, tmp_path: Path) -> Extraction:
    return extract(corpus, recipe, tmp_path / "work")


def _bytes(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(store.iterdir())}


def _with_path(extraction: Extraction, recording: str, path: Path) -> Extraction:
    """Return an extraction that has another file for the track of a recording."""
    recordings = tuple(
        replace(one, paths={"mfcc": path}) if one.recording == recording else one for one in extraction.recordings
    )
    return replace(extraction, recordings=recordings)


def _members(sizes: Sequence[float]) -> list[Member]:
    tracks = RecordingTracks(
        recording="r", duration_seconds=1.0, media_digest="", transcript_digest="", annotation_digests={},
        feature_digests={}, clock={}, keys={}, paths={},
    )  # fmt: skip
    return [Member(tracks=tracks, segments=(), expected_bytes=size) for size in sizes]


@given(st.lists(st.floats(0, 200)))
def test_parts_hold_every_recording_in_order_and_fill_three_quarters(sizes: list[float]) -> None:
    members = _members(sizes)
    parts = parts_of(members, 100)
    assert [member for part in parts for member in part] == members
    for part in parts:
        assert len(part) == 1 or sum(member.expected_bytes for member in part) <= 75
    for part, following in pairwise(parts):
        assert sum(member.expected_bytes for member in part) + following[0].expected_bytes > 75


@pytest.mark.parametrize("jobs", [1, 3])
def test_shards_are_the_same_whoever_writes_them(
    corpus: Corpus, recipe: Recipe, extraction: Extraction, tmp_path: Path, jobs: int
) -> None:
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    align(corpus, recipe, extraction, alone)
    align(corpus, recipe, extraction, beside, running=Running(jobs=jobs))
    assert verify(alone) == []
    assert [shard.segments for shard in FeatureStore(alone).manifest.shards] == [2, 2, 2, 1]
    assert _bytes(alone) == _bytes(beside)


def test_a_damaged_track_costs_its_recording_and_is_made_again(corpus: Corpus, recipe: Recipe, tmp_path: Path) -> None:
    store, whole = tmp_path / "s", tmp_path / "whole"
    done = run(corpus, recipe, store)
    run(corpus, recipe, whole)
    damaged = done.extraction.recordings[2].paths["mfcc"]
    os.truncate(damaged, damaged.stat().st_size // 2)
    (store / "manifest.json").unlink()
    (store / "shard-00000.h5").unlink()
    for path in store.iterdir():
        path.unlink()

    report = run(corpus, recipe, store, work=done.extraction.work)
    (failure,) = report.extraction.failures
    assert (failure.recording, failure.stage, failure.track, failure.cause) == ("c", "align", "", "error")
    assert "mfcc" in failure.reason and failure.reason.endswith("; the next run makes it again")
    assert not damaged.exists()
    assert "c,align,,error," in (report.extraction.work / "failures.csv").read_text()
    assert list(FeatureStore(store).segments["id"]) == list("abdefg")
    assert verify(store) == []

    again = run(corpus, recipe, store, work=done.extraction.work)
    assert (again.extraction.failures, again.extraction.extracted, again.written) == ((), 1, True)
    assert _bytes(store) == _bytes(whole)


class _Left(StoreWriter):
    """Beside what it writes lies what a worker wrote that died."""

    def __init__(self, path: Path, store: StoreDescription, statistics: Mapping[str, Sequence[str]]) -> None:
        super().__init__(path, store, statistics)
        for number in range(3):
            (self.folder / f"worker-0001-{number:05d}.h5").write_bytes(b"half a shard")


def test_a_part_is_begun_anew_after_a_worker_died(
    corpus: Corpus, recipe: Recipe, extraction: Extraction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    align(corpus, recipe, extraction, tmp_path / "whole")
    monkeypatch.setattr("trimodal.pipeline.StoreWriter", _Left)
    assert align(corpus, recipe, extraction, tmp_path / "s").extraction.failures == ()
    assert _bytes(tmp_path / "s") == _bytes(tmp_path / "whole")


@pytest.mark.slow
def test_a_recording_that_hangs_costs_itself_alone(
    corpus: Corpus, recipe: Recipe, extraction: Extraction, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "never")
    running = Running(jobs=2, time_limit_seconds=5, time_limit_factor=0)
    report = align(corpus, recipe, _with_path(extraction, "d", tmp_path / "never"), tmp_path / "s", running=running)
    (failure,) = report.extraction.failures
    assert (failure.recording, failure.stage, failure.cause) == ("d", "align", "time limit")
    assert failure.reason == "took longer than 5 s, which is its time limit"
    assert list(FeatureStore(tmp_path / "s").segments["id"]) == list("abcefg")
    assert verify(tmp_path / "s") == []
    assert sorted(path.suffix for path in (tmp_path / "s").iterdir()) == [".h5"] * 4 + [".json"]
    assert report.extraction.recordings == tuple(one for one in extraction.recordings if one.recording != "d")


def test_values_that_a_type_cannot_hold_cost_their_recording(corpus: Corpus, tmp_path: Path) -> None:
    text = "tracks: {w: {extractor: waveform, length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.1}}}"
    recipe = parse_recipe(f"{text}\nalign: {{w: {{tracks: [w], timeline: none, dtype: float16}}}}", "w.yaml")
    extraction = extract(corpus, recipe, tmp_path / "work")
    loud = find_tracks(corpus, recipe, tmp_path / "work").recordings[1].paths["w"]
    _multiply(loud, 1e7)
    report = align(corpus, recipe, extraction, tmp_path / "s")
    (failure,) = report.extraction.failures
    assert failure.recording == "b"
    assert "does not fit into float16, which ends at 65504; expected 'dtype: float32'" in failure.reason
    assert list(FeatureStore(tmp_path / "s").segments["id"]) == list("acdefg")


def _multiply(track: Path, factor: float) -> None:
    import h5py

    with h5py.File(track, "r+") as file:
        file["fields/values"][...] = np.asarray(file["fields/values"]) * factor


def test_nothing_that_can_be_aligned(corpus: Corpus, recipe: Recipe, extraction: Extraction, tmp_path: Path) -> None:
    for one in extraction.recordings:
        os.truncate(one.paths["mfcc"], 100)
    with pytest.raises(CorpusError, match=r"no recording could be aligned; the first: 'a': .*the next run makes it"):
        align(corpus, recipe, extraction, tmp_path / "s")
    assert not (tmp_path / "s").exists()
