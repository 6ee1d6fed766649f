"""A disk that is full: one line, nothing half-written, and once there is room the same bytes."""

import os
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


def _run_out_of_room(folder: Path, disk: Path, stage: str, *more: str) -> str:
    """Make the store ``s`` of a disk that others fill from a stage's begin on, after a run has looked for room.

    Returns
    -------
    str
        What was printed.
    """
    run = LoggedRun(folder, str(folder / "s"), folder / "whole", *more)
    run.wait_for_stage(stage)
    with open(disk / "filling", "ab", buffering=0) as filling:
        while run.process.poll() is None:  # what is given up on the way is taken, too
            with suppress(OSError):
                while filling.write(bytes(_BLOCK_BYTES)) == _BLOCK_BYTES:
                    pass
            time.sleep(0.001)
    (disk / "filling").unlink()
    printed = run.end()
    assert run.process.returncode == 2, printed
    assert "Traceback" not in printed
    return printed


def test_a_disk_that_is_full_while_tracks_are_made(folder: Path, disk: Path) -> None:
    work = ("--work", str(disk / "w"))
    printed = _run_out_of_room(folder, disk, "extract", *work)
    print(printed)
    assert 0
