"""The columns of what openSMILE is asked to compute, found before anything is decoded."""

import json
import os
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from ...errors import WeightsError
from .opensmile_process import column_names
from .opensmile_setup import SmileSetup, last_line

_DRY_RUN_SECONDS = 60.0


def columns_of(setup: SmileSetup) -> tuple[str, ...]:
    """Return the names of the level's columns.

    A user's configuration is first run on a second of noise in a process of its own: openSMILE may crash on it.

    Raises
    ------
    WeightsError
        If a user's configuration cannot be run; says openSMILE's last line.
    """
    if not setup.is_config:
        return _columns_of_set(setup)
    changes = tuple((str(path), path.stat().st_mtime_ns) for path in setup.files().values())
    return _columns_of_config(setup, changes)


@lru_cache(maxsize=64)
def _columns_of_set(setup: SmileSetup) -> tuple[str, ...]:
    return column_names(setup)


@lru_cache(maxsize=64)
def _columns_of_config(setup: SmileSetup, changes: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Run a configuration on noise in a child process; ``changes`` are in the key so that an edited one runs again."""
    path = setup.config_path()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "trimodal.extract.audio.opensmile_dry_run"]
        try:
            done = subprocess.run(
                [*command, str(path), setup.level, str(setup.sample_rate)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_DRY_RUN_SECONDS,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TMPDIR": folder},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise WeightsError(
                f"{path}: openSMILE did not end in {_DRY_RUN_SECONDS:g} s on a second of noise"
            ) from None
        if done.returncode == 0:
            return tuple(json.loads(done.stdout)["columns"])
        if logs := list(Path(folder).glob("*/log.txt")):  # it did not get to tidying up
            how = f"openSMILE crashes on a second of noise; its last line: {last_line(logs[0])}"
        else:
            how = " ".join(done.stderr.decode(errors="replace").strip().rpartition("\n")[2].split())
        raise WeightsError(f"{path}: {how}")
