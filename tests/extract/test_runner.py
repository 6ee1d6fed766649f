"""Isolation: whatever happens to one recording, the others come out; and what is remembered of it."""

import csv
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pool_tasks
import pytest
from broken_media import extract_broken
from poison import SECONDS, Poison, write_sound
from shuffled_groups import ShuffledGroups
from thread_counts import ThreadCounts

from trimodal.cli import main
from trimodal.corpus import Corpus, FeatureFile, Recording, Segment, read_corpus
from trimodal.errors import StoppedError, TrackError, UsageError
from trimodal.extract import EXTRACTORS
from trimodal.extract.runner import Watcher
from trimodal.extract.running import Running
from trimodal.extract.running.disk import Estimate
from trimodal.extract.track_file import read_track
from trimodal.extract.work_folder import locked
from trimodal.pipeline import Extraction, extract, run, status
from trimodal.recipe import Recipe, load_recipe, parse_recipe
from trimodal.store import FeatureStore, diff, verify

CHEAP = parse_recipe(
    "tracks: {waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.1}}}\n"
    "align: {voice: {tracks: [waveform], timeline: none}}",
    "cheap.yaml",
)
IMPORTED = parse_recipe(
    "tracks: {x: {extractor: imported, feature: of, dimensions: 1}}\nalign: {x: {tracks: [x], timeline: none}}",
    "imported.yaml",
)
RUNNING = Running(jobs=2, time_limit_seconds=8.0, time_limit_factor=0.0, memory_limit_bytes=2**30)
UNREADABLE = ("odd/truncated_no_moov", "odd/zero_byte", "odd/text_named")


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """Sound, and the extractor that goes wrong."""
    return replace(CHEAP, tracks={**CHEAP.tracks, "poison": Poison(folder=str(tmp_path))})


def _failures(extraction: Extraction) -> dict[str, str]:
    return {failure.recording: failure.cause for failure in extraction.failures}


def _bytes(store: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(store.iterdir())}


def test_poison_costs_those_alone_who_took_it(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(EXTRACTORS, "poison", Poison)
    monkeypatch.setattr(Running, "time_limit", lambda self, seconds: 15.0)
    for name in ("talking", "odd"):
        shutil.copytree(media / name, tmp_path / "corpus" / name)
    for name, seconds in SECONDS.items():
        write_sound(tmp_path / "corpus" / f"{name}.wav", seconds)
    write_sound(tmp_path / "corpus" / "innocent.wav", 0.7)
    (tmp_path / "r.yaml").write_text(CHEAP.text.replace("tracks: {", f"tracks: {{poison: {{folder: {tmp_path}}}, "))
    command = ["run", str(tmp_path / "corpus"), "--recipe", str(tmp_path / "r.yaml"), "--out", str(tmp_path / "s")]
    assert main([*command, "--jobs", "2", "--memory-limit", "1"]) == 1
    poisoned = {
        "raise": ("error", "RuntimeError: poisoned"),
        "hang": ("time limit", "took longer than 15 s, which is its time limit"),
        "hang_and_hold": ("time limit", "took longer than 15 s, which is its time limit"),
        "allocate": ("memory limit", "took more than 954 MiB of memory, which is a worker's limit"),
        "abort": ("crash", "ended its process (SIGABRT), twice"),
        "segfault": ("crash", "ended its process (SIGSEGV), twice"),
        "leave": ("crash", "ended its process (exit status 3), twice"),
    }
    with open(tmp_path / "s.work" / "failures.csv", newline="") as file:
        rows = {row.pop("recording"): tuple(row.values()) for row in csv.DictReader(file)}
    unreadable = {name: rows[name] for name in UNREADABLE}
    assert rows == unreadable | {name: ("extract", "poison", *why) for name, why in poisoned.items()}
    assert {row[:3] for row in unreadable.values()} == {("read", "", "error")}
    assert (
        "10 recordings failed (4 by error, 3 by crash, 2 by time limit, 1 by memory limit)" in capsys.readouterr().err
    )
    kept = {recording.id for recording in read_corpus(tmp_path / "corpus").recordings} - set(rows)
    assert {"innocent", "die_once", "write_rubbish", "odd/vfr", "talking/friday"} < kept
    assert set(FeatureStore(tmp_path / "s").segments["id"]) == kept
    assert verify(tmp_path / "s") == []
    log = (tmp_path / "s.work" / "failures.log").read_text()
    assert log.count("in _do\n") >= 5  # Python's tracebacks, those of native crashes and of the hang among them
    before = _bytes(tmp_path / "s")
    assert main([*command, "--jobs", "1"]) == 1  # all is known: nothing hangs
    assert _bytes(tmp_path / "s") == before
    assert ": up to date" in capsys.readouterr().out


def test_failures_are_remembered_until_something_changes(recipe: Recipe, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("good", "bad"):
        write_sound(folder / f"{name}.wav", 0.7)
    os.truncate(folder / "bad.wav", 20)
    corpus, work = read_corpus(folder), tmp_path / "w"
    assert [len(part) for part in _status(corpus, recipe, work)] == [0, 0, 2]
    extract(corpus, recipe, work)
    done, failed, left = _status(corpus, recipe, work)
    assert (done, failed, left) == ({"good"}, {"bad"}, set())
    (tmp_path / "w" / "failed").rename(tmp_path / "elsewhere")
    assert _status(corpus, recipe, work)[2] == {"bad"}
    (tmp_path / "elsewhere").rename(tmp_path / "w" / "failed")
    write_sound(folder / "bad.wav", 0.8)
    assert _status(corpus, recipe, work)[2] == {"bad"}
    assert extract(corpus, recipe, work).failures == ()


def test_a_file_of_features_that_cannot_be_read_costs_its_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = []
    for name in ("good", "missing", "folder"):
        media = write_sound(tmp_path / f"{name}.wav", 0.7)
        file = FeatureFile(name="of", path=tmp_path / f"{name}.csv", entry=name)
        recordings.append(Recording(id=name, media=media, features=(file,)))
    (tmp_path / "good.csv").write_text("start,a\n0.0,1\n0.5,2\n")
    (tmp_path / "folder.csv").mkdir()
    segments = tuple(Segment(id=one.id, recording=one.id) for one in recordings)
    corpus = Corpus(root=tmp_path / "corpus", layout="test", recordings=tuple(recordings), segments=segments)
    for jobs in (2, 0, 2):
        found = extract(corpus, IMPORTED, tmp_path / "w", running=Running(jobs=jobs))
        assert {failure.recording: failure.reason for failure in found.failures} == {
            "missing": f"{tmp_path}/missing.csv: no such file or directory",
            "folder": f"{tmp_path}/folder.csv: cannot be read (is a directory); expected features",
        }
        assert [done.recording for done in found.recordings] == ["good"]
        (tmp_path / "good.csv").touch()  # it has to be hashed again, and not here

        def hashed_here(path: Path) -> str:
            raise AssertionError(f"{path} is read by the parent")

        with monkeypatch.context() as patched:
            patched.setattr("trimodal.extract.cache.file_digest", hashed_here)
            assert _status(corpus, IMPORTED, tmp_path / "w") == (set(), {"folder"}, {"good", "missing"})


def _status(corpus: Corpus, recipe: Recipe, work: Path) -> tuple[set[str], set[str], set[str]]:
    found = status(corpus, recipe, work)
    return {one.recording for one in found.done}, {one.recording for one in found.failed}, set(found.left)


def test_what_failed_is_tried_again_where_that_is_asked_for(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    write_sound(tmp_path / "corpus" / "die_once.wav", SECONDS["raise"])
    corpus, work = read_corpus(tmp_path / "corpus"), tmp_path / "w"
    assert _failures(extract(corpus, recipe, work)) == {"die_once": "error"}
    notes = list((work / "failed").iterdir())
    before = [note.stat().st_mtime_ns for note in notes]
    extract(corpus, recipe, work)
    assert [note.stat().st_mtime_ns for note in notes] == before
    extract(corpus, recipe, work, running=Running(retry_failed=True))
    assert [note.stat().st_mtime_ns for note in notes] != before


HANGS = Running(jobs=1, time_limit_seconds=2.0, time_limit_factor=0.0)
SWELLS = Running(jobs=1, memory_limit_bytes=2**29)


@pytest.mark.parametrize(
    ("harm", "cause", "runs"),
    [
        (
            "hang",
            "time limit",
            [
                (HANGS, True),
                (HANGS, False),
                (replace(HANGS, time_limit_seconds=1.0, memory_limit_bytes=2**40), False),
                (replace(HANGS, time_limit_seconds=2.5), True),
                (replace(HANGS, time_limit_factor=2.0), True),  # 2 s and twice 0.52 s
                (replace(HANGS, time_limit_seconds=99.0, jobs=0), False),  # it would hang here
            ],
        ),
        (
            "allocate",
            "memory limit",
            [
                (SWELLS, True),
                (replace(SWELLS, memory_limit_bytes=2**28, time_limit_seconds=1000.0), False),
                (replace(SWELLS, memory_limit_bytes=2**29 + 2**27), True),
                (replace(SWELLS, memory_limit_bytes=2**40, jobs=0), False),
            ],
        ),
    ],
)
def test_what_exceeded_a_limit_is_tried_again_when_that_is_raised(
    recipe: Recipe, tmp_path: Path, harm: str, cause: str, runs: list[tuple[Running, bool]]
) -> None:
    (tmp_path / "corpus").mkdir()
    write_sound(tmp_path / "corpus" / "a.wav", SECONDS[harm])
    corpus, work = read_corpus(tmp_path / "corpus"), tmp_path / "w"
    extract(corpus, CHEAP, work)  # so that its length is known, however slowly workers start
    for running, is_tried in runs:
        (failure,) = extract(corpus, recipe, work, running=running).failures
        assert (failure.cause, failure.is_remembered) == (cause, not is_tried)
        log = (work / "failures.log").read_text()
        assert harm == "hang" or log.count("in _do\n") == 1  # what swells says where


@pytest.mark.parametrize(("number", "is_tried"), [(signal.SIGKILL, True), (signal.SIGSEGV, False)])
def test_what_was_killed_from_outside_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, is_tried: bool
) -> None:
    """The same task dies in both runs; who dies by its own fault is not tried in the second."""
    (tmp_path / "corpus").mkdir()
    write_sound(tmp_path / "corpus" / "a.wav", 0.7)
    corpus, work = read_corpus(tmp_path / "corpus"), tmp_path / "w"
    extract(corpus, CHEAP, work)  # so that its files are known
    shutil.rmtree(work / "tracks")
    monkeypatch.setattr("trimodal.extract.runner._extract_one", partial(pool_tasks.die_by, int(number)))
    for run_number in range(2):
        (failure,) = extract(corpus, CHEAP, work, running=Running(jobs=1)).failures
        assert (failure.cause, failure.lasts) == (("killed", False) if is_tried else ("crash", True))
        assert failure.is_remembered == (run_number == 1 and not is_tried)
    assert len(status(corpus, CHEAP, work).left) == is_tried


def test_one_thread_for_every_library_in_a_worker(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    write_sound(tmp_path / "corpus" / "a.wav", 0.7)
    recipe = replace(CHEAP, tracks={**CHEAP.tracks, "counts": ThreadCounts()})
    done = extract(read_corpus(tmp_path / "corpus"), recipe, tmp_path / "w", running=Running(jobs=1))
    (recording,) = done.recordings
    *threads, libraries = read_track(recording.paths["counts"], ThreadCounts().schema).values[0]
    assert threads == [1, 1, 1]
    assert libraries >= 2


def test_running_without_a_device() -> None:
    with pytest.raises(UsageError, match="no device is named; expected cpu, cuda or several as cuda:0,cuda:1"):
        Running(devices=())


def test_what_the_system_could_not_do_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    write_sound(tmp_path / "corpus" / "a.wav", 0.7)
    corpus, work = read_corpus(tmp_path / "corpus"), tmp_path / "w"
    (tmp_path / "w" / "tracks").mkdir(parents=True)
    folder = tmp_path / "w" / "tracks"
    folder.rmdir()
    folder.touch()  # a file where a folder should be
    failed = extract(corpus, CHEAP, work)
    assert failed.failures[0].lasts is False
    folder.unlink()
    assert extract(corpus, CHEAP, work).failures == ()


def test_bit_identical_whatever_the_workers_and_the_order(sample: Path, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    first = run(corpus, CHEAP, tmp_path / "0", running=Running(jobs=0))
    for jobs in (1, 2, 4):
        other = run(corpus, CHEAP, tmp_path / str(jobs), running=Running(jobs=jobs))
        assert other.extraction.extracted == 6
        assert _bytes(other.store) == _bytes(first.store)


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_bit_identical_whatever_the_order_of_the_work(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    corpus = read_corpus(sample)
    first = run(corpus, CHEAP, tmp_path / "first", running=Running(jobs=1))
    shuffled = ShuffledGroups()
    monkeypatch.setattr("trimodal.extract.runner.make_groups", shuffled)
    for number in range(3):
        other = run(corpus, CHEAP, tmp_path / f"{number}", running=Running(jobs=jobs))
        assert other.extraction.extracted == 6
        assert _bytes(other.store) == _bytes(first.store)
    assert len(set(shuffled.orders)) > 3


def test_the_order_of_the_corpus_moves_segments_and_changes_none(sample: Path, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    recordings = random.Random(0).sample(corpus.recordings, len(corpus.recordings))
    assert [one.id for one in recordings] != [one.id for one in corpus.recordings]
    one = run(corpus, CHEAP, tmp_path / "one")
    other = run(replace(corpus, recordings=tuple(recordings)), CHEAP, tmp_path / "other", running=Running(jobs=2))
    assert diff(FeatureStore(one.store), FeatureStore(other.store)) == []
    assert FeatureStore(other.store).segments["recording"].tolist() == [one.id for one in recordings]


def test_two_runs_in_one_work_folder(sample: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "w"), pytest.raises(UsageError, match="another run is at work in this folder; wait for it"):
        extract(read_corpus(sample), CHEAP, tmp_path / "w")
    assert extract(read_corpus(sample), CHEAP, tmp_path / "w").failures == ()


def test_a_work_folder_that_cannot_be_written(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "w").touch()
    with pytest.raises(UsageError, match=r"w: cannot be written \(file exists\); give a work folder that can"):
        extract(read_corpus(sample), CHEAP, tmp_path / "w")


def test_what_killed_runs_left_is_cleared_away(sample: Path, tmp_path: Path) -> None:
    extraction = extract(read_corpus(sample), CHEAP, tmp_path / "w")
    (folder,) = (tmp_path / "w" / "tracks").iterdir()
    (folder / ".half.h5.0123.tmp").touch()
    (tmp_path / "w" / "temporary" / "0123").mkdir(parents=True)
    (tmp_path / "w" / "temporary" / "0123" / "sound.wav").touch()
    again = extract(read_corpus(sample), CHEAP, tmp_path / "w")
    assert again.extracted == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        recording.paths["waveform"].name for recording in extraction.recordings
    )
    assert not (tmp_path / "w" / "temporary").exists()


def test_a_disk_that_is_too_small_stops_the_run(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    free = iter([usage.free, *[1000] * 9])  # it was enough before the first recording
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=next(free)))
    with pytest.raises(StoppedError, match=r"tracks and .* MB of sound meanwhile are to come and 0\.0 MB are free"):
        extract(read_corpus(sample), CHEAP, tmp_path / "w")
    monkeypatch.undo()
    assert 0 < extract(read_corpus(sample), CHEAP, tmp_path / "w").extracted < 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB."""
    (tmp_path / "disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(tmp_path / "disk")]
    if (tried := subprocess.run(mount, capture_output=True, text=True)).returncode:
        pytest.skip(f"no disk can be mounted here: {tried.stderr.strip()}")
    yield tmp_path / "disk"
    subprocess.run(["umount", "-l", str(tmp_path / "disk")], check=True)


def test_a_small_disk_stops_a_run_before_it_is_full(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for number in range(40):
        write_sound(tmp_path / "corpus" / f"{number}.wav", 2.0 + number / 100)
    corpus, store = read_corpus(tmp_path / "corpus"), small_disk / "s"
    # 40 times 2 s in rows of 0.1 s, 50 in a second: 0.26 MB each.
    dense = parse_recipe(CHEAP.text.replace("hop_seconds: 0.1", "hop_seconds: 0.05"), "dense.yaml")
    with pytest.raises(
        StoppedError, match=r"disk/s\.work: about .* of tracks, .* and .* MB of store are to come and .* MB"
    ):
        run(corpus, dense, store, running=Running(jobs=2))
    done = len(list((small_disk / "s.work").glob("tracks/*/*.h5")))
    assert 0 < done < 40
    assert shutil.disk_usage(small_disk).free > 10 * 2**20
    assert not store.exists()
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    assert run(corpus, dense, store, running=Running(jobs=2)).extraction.extracted == 40 - done
    assert verify(store) == []


def test_a_disk_that_is_too_small_from_the_start(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    expected = r"w: about .* MB of tracks, .* MB of sound meanwhile and .* MB of store are to come and 0\.0 MB are free"
    with pytest.raises(TrackError, match=expected):
        run(read_corpus(sample), CHEAP, tmp_path / "s", work=tmp_path / "w")
    assert not (tmp_path / "w" / "tracks").exists()
    assert not (tmp_path / "s").exists()


class Estimates(Watcher):
    def __init__(self) -> None:
        self.heard: list[Estimate] = []

    def estimate(self, estimate: Estimate, free_bytes: int) -> None:
        assert free_bytes > 0
        self.heard.append(estimate)


def test_the_estimate_is_within_a_factor_of_two(sample: Path, tmp_path: Path) -> None:
    watcher, corpus = Estimates(), read_corpus(sample)
    report = run(corpus, load_recipe("quickstart"), tmp_path / "s", watcher=watcher)
    (estimate,) = watcher.heard
    tracks = sum(path.stat().st_size for one in report.extraction.recordings for path in one.paths.values())
    store = sum(path.stat().st_size for path in report.store.iterdir())
    assert estimate.media_seconds == pytest.approx(sum(one.duration_seconds for one in report.extraction.recordings))
    assert tracks / 2 < estimate.tracks_bytes < tracks * 2
    assert store / 2 < estimate.store_bytes < store * 2
    # Of what is there already only the store is counted.
    one = report.extraction.recordings[0]
    one.paths["mfcc"].unlink()
    run(corpus, load_recipe("quickstart"), tmp_path / "t", work=tmp_path / "s.work", watcher=watcher)
    again = watcher.heard[1]
    size = one.paths["mfcc"].stat().st_size
    assert size / 2 < again.tracks_bytes < size * 2
    assert (again.media_seconds, again.store_bytes) == (one.duration_seconds, estimate.store_bytes)
    extract(corpus, replace(CHEAP, name="other"), tmp_path / "s.work", watcher=watcher)
    assert watcher.heard[2].store_bytes == 0


def test_odd_ids(tmp_path: Path) -> None:
    ids = ["a/b", "../x", "..", "x" * 300, "ünï cödé", "clip", "Clip", "CON", "a\nb", " "]
    write_sound(tmp_path / "a.wav", 0.7)
    with open(tmp_path / "list.csv", "w", newline="") as file:
        csv.writer(file).writerows([["media", "recording", "segment"], *(["a.wav", id, id] for id in ids)])
    report = run(read_corpus(tmp_path / "list.csv"), CHEAP, tmp_path / "s", running=Running(jobs=2))
    assert report.extraction.failures == ()
    assert sorted(FeatureStore(report.store).segments["id"]) == sorted(
        one.id for one in read_corpus(tmp_path / "list.csv").recordings
    )
    assert report.extraction.extracted == len(ids)


def test_broken_media_cost_a_line_each(sample: Path, tmp_path: Path) -> None:
    found = extract_broken(sorted(sample.glob("*.mp4")), tmp_path, 30, seed=0)
    assert len(found.recordings) + len(found.failures) == 30
    assert len(found.recordings) > 5
    assert found.failures
    for failure in found.failures:
        assert failure.cause == "error"
        assert failure.reason.startswith(str(tmp_path / "corpus"))  # one of our own errors, which name the file
