"""A real Dask cluster of processes on this machine."""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import networks
import psutil
import pytest
from distributed import LocalCluster
from poison import SECONDS, Poison, write_sound
from shuffled_groups import ShuffledGroups

from trimodal.corpus import read_corpus
from trimodal.errors import MissingPackageError, UsageError
from trimodal.extract.running import Running
from trimodal.pipeline import run
from trimodal.recipe import parse_recipe

CHEAP = parse_recipe(
    "tracks: {waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.1}}}\n"
    "align: {voice: {tracks: [waveform], timeline: none}}",
    "cheap.yaml",
)


def test_the_same_bytes_and_the_same_failures(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for clip in sample.glob("*.mp4"):
        (folder / clip.name).symlink_to(clip)
    for name in ("abort", "raise", "die_once"):
        write_sound(folder / f"{name}.wav", SECONDS[name])
    monkeypatch.chdir(tmp_path)
    corpus = read_corpus(Path("corpus"))  # workers are told where relative paths begin
    recipe = replace(CHEAP, tracks={**CHEAP.tracks, "poison": Poison(folder=str(tmp_path))})
    here = run(corpus, recipe, tmp_path / "here", running=Running(jobs=2))
    (tmp_path / "died").unlink()
    there = run(corpus, recipe, tmp_path / "there", running=Running(jobs=2, scheduler="local"))
    assert {(one.recording, one.cause) for one in there.extraction.failures} == {("abort", "crash"), ("raise", "error")}
    assert [replace(one, details="") for one in there.extraction.failures] == [
        replace(one, details="") for one in here.extraction.failures
    ]
    assert _bytes(tmp_path / "here") == _bytes(tmp_path / "there")
    time.sleep(0.5)
    left = [
        process for process in psutil.Process().children(recursive=True) if "running.worker" in str(process.cmdline())
    ]
    assert left == []


def test_a_cluster_that_is_there_already(sample: Path, tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        running = Running(scheduler=cluster.scheduler_address)
        report = run(read_corpus(sample), CHEAP, tmp_path / "s", running=running)
    assert report.extraction.extracted == 6


def test_bit_identical_with_four_workers_in_any_order(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(read_corpus(sample), CHEAP, tmp_path / "here", running=Running(jobs=1))
    shuffled = ShuffledGroups()
    monkeypatch.setattr("trimodal.extract.runner.make_groups", shuffled)
    with LocalCluster(n_workers=4, threads_per_worker=1, dashboard_address=None) as cluster:
        for number in range(2):
            running = Running(jobs=4, scheduler=cluster.scheduler_address)
            report = run(read_corpus(sample), CHEAP, tmp_path / f"{number}", running=running)
            assert report.extraction.extracted == 6
            assert _bytes(report.store) == _bytes(tmp_path / "here")
    assert len(set(shuffled.orders)) == 4


def test_workers_in_networks_of_their_own(sample: Path, tmp_path: Path) -> None:
    cable = (*networks.NEW_NETWORK, "ip", "link", "add", "one", "type", "veth", "peer", "name", "other")
    if not (shutil.which("unshare") and shutil.which("ip") and shutil.which("nsenter")):
        pytest.skip("needs the programs unshare, nsenter and ip")
    if (tried := subprocess.run(cable, capture_output=True, text=True)).returncode:
        pytest.skip(f"network namespaces are not permitted here: {tried.stderr.strip()}")
    (tmp_path / "cheap.yaml").write_text(CHEAP.text)
    command = ("trimodal", "run", str(sample), "--recipe", "cheap.yaml", "--out", "there", "--backend", "dask")
    done = subprocess.run(
        [
            *(*networks.NEW_NETWORK, sys.executable, networks.__file__),
            *(sys.executable, "-m", *command, "--scheduler", networks.SCHEDULER, "--jobs", "2"),
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert "Register worker addr: tcp://10.0.1.2:" in done.stdout
    assert "Register worker addr: tcp://10.0.2.2:" in done.stdout
    run(read_corpus(sample), CHEAP, tmp_path / "here", running=Running(jobs=2))
    assert _bytes(tmp_path / "there") == _bytes(tmp_path / "here")


def _bytes(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.iterdir()}


def test_no_scheduler(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimodal.extract.running.cluster._CONNECT_SECONDS", 1)
    started = time.monotonic()
    with pytest.raises(UsageError, match=r"no Dask cluster with workers at 'tcp://127\.0\.0\.1:9' .*; expected tcp://"):
        run(read_corpus(sample), CHEAP, tmp_path / "s", running=Running(scheduler="tcp://127.0.0.1:9"))
    assert time.monotonic() - started < 20


def test_no_dask(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "distributed"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=r"a Dask cluster needs the package 'distributed'.*trimodal\[dask\]"):
        run(read_corpus(sample), CHEAP, tmp_path / "s", running=Running(scheduler="local"))
