"""Clocks that jump by decades, and files from the future: they change nothing, and hide no change."""

import os
import shutil
from pathlib import Path

from logged_run import RECIPE, contents, start

JUMPING = """
import os, pathlib, random, time

draw = random.Random(0).choice
now, now_ns = time.time, time.time_ns
time.time = lambda: now() + draw((-(10**9), 10**9))
time.time_ns = lambda: now_ns() + draw((-(10**18), 10**18))
pathlib.Path(os.environ["JUMPING"], str(os.getpid())).touch()
"""
"""Run by every Python that starts, before anything else: the time that it tells differs by 32 years at every look."""
CHANGED = (4e9, 0.0, -1e9, 1e9, 2e9, 3e9)
"""When files were changed last: in the years 2096, 1970, 1938, 2001, 2033 and 2065."""


def test_clocks_that_jump(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "corpus").mkdir()
    clips = [shutil.copyfile(clip, tmp_path / "corpus" / clip.name) for clip in sorted(sample.glob("*.mp4"))]
    assert start(tmp_path, "whole").wait(120) == 0
    for clip, seconds in zip(clips, CHANGED, strict=True):
        os.utime(clip, (seconds, seconds))
    _run_with_jumps(tmp_path, workers=2)
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")
    # Another clip in the place of one, with an older date.
    shutil.copyfile(clips[1], clips[0])
    os.utime(clips[0], (-2e9, -2e9))
    _run_with_jumps(tmp_path, workers=1)
    assert start(tmp_path, "other").wait(120) == 0
    assert contents(tmp_path / "s") == contents(tmp_path / "other") != contents(tmp_path / "whole")


def _run_with_jumps(folder: Path, workers: int) -> None:
    """Make the store ``s``; check that the clocks of the run and of so many workers jumped."""
    for name in ("jumping", "seen"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    (folder / "jumping" / "sitecustomize.py").write_text(JUMPING)
    path = os.pathsep.join([str(folder / "jumping"), os.environ.get("PYTHONPATH", "")])
    run = start(folder, "s", environment={**os.environ, "PYTHONPATH": path, "JUMPING": str(folder / "seen")})
    printed = run.communicate(timeout=120)[0]
    assert run.returncode == 0, printed
    assert len(list((folder / "seen").iterdir())) >= 1 + workers  # those that align are others
