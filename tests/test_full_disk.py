"""A disk that is full: one line, nothing half-written, and once there is room the same bytes."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from logged_run import RECIPE, LoggedRun, contents, start

DISK_BYTES = 32 * 2**20
_BLOCK_BYTES = 2**16


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)], capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"a disk can only be mounted by root: {mount.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def folder(sample: Path, tmp_path: Path) -> Path:
    """A recipe, a corpus of 6 clips, and its store as a run makes it that has room."""
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "corpus").mkdir()
    for clip in sample.glob("*.mp4"):
        shutil.copyfile(clip, tmp_path / "corpus" / clip.name)
    assert start(tmp_path, "whole").wait(120) == 0
    return tmp_path


def _fill(disk: Path) -> None:
    """Take all the room that is left."""
    with open(disk / "filling", "ab", buffering=0) as filling, suppress(OSError):
        while filling.write(bytes(_BLOCK_BYTES)):
            pass


def _run_out_of_room(folder: Path, disk: Path, stage: str, *more: str) -> str:
    """Make the store ``s`` of a disk that others fill from a stage's begin on, after a run has looked for room.

    Returns
    -------
    str
        What was printed.
    """
    run = LoggedRun(folder, str(folder / "s"), folder / "whole", *more)
    run.wait_for_stage(stage)
    while run.process.poll() is None:  # what is given up on the way is taken, too
        _fill(disk)
        time.sleep(0.001)
    (disk / "filling").unlink()
    printed = run.end()
    assert run.process.returncode > 1, printed
    assert "Traceback" not in printed
    return printed


def _goes_on_to_the_same(folder: Path, *more: str) -> None:
    run = start(folder, "s", *more)
    printed = run.communicate(timeout=120)[0]
    assert run.returncode == 0, printed
    assert contents(folder / "s") == contents(folder / "whole")


def test_a_disk_that_is_full_while_tracks_are_made(folder: Path, disk: Path) -> None:
    work = ("--work", str(disk / "w"))
    printed = _run_out_of_room(folder, disk, "extract", *work)
    assert "make room and run the same command again" in printed.splitlines()[-1]
    whole = contents(folder / "whole.work" / "tracks")
    for name, content in contents(disk / "w" / "tracks").items():
        assert name.endswith(".tmp") or whole[name] == content
    assert not (folder / "s").exists()
    _goes_on_to_the_same(folder, *work)
    assert contents(disk / "w" / "tracks") == whole
    _fill(disk)
    run = start(folder, "t", *work)
    printed = run.communicate(timeout=120)[0]
    reason = "cannot be written (no space left on device); make room and run the same command again"
    assert printed.splitlines()[-1] == f"trimodal: {disk}/w: {reason}"
    assert not (folder / "t").exists()


def test_a_disk_that_is_full_while_the_store_is_written(folder: Path, disk: Path) -> None:
    (folder / "s").symlink_to(disk / "s")
    printed = _run_out_of_room(folder, disk, "align")
    assert f"{disk}/s: cannot be written (no space left on device)" in printed.splitlines()[-1]
    assert list(disk.iterdir()) == []
    _goes_on_to_the_same(folder)
