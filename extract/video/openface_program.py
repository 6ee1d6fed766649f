"""Running OpenFace's program on a folder of pictures, whatever it does."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ...errors import TrackError

_LIMIT_SECONDS = 300.0
_LIMIT_SECONDS_PER_FRAME = 5.0
"""OpenFace reads several frames a second on one core; what takes this long hangs."""
_LAST_LINE = 200


def run_program(binary: Path, frames_folder: Path, flags: Sequence[str], *, frames: int) -> Path:
    """Run ``FeatureExtraction`` and return the CSV file that it wrote beside the folder of pictures.

    Parameters
    ----------
    binary
        The program.
    frames_folder
        Pictures whose names sort as they follow each other.
    flags
        What the program is to write.
    frames
        Number of pictures, on which the time limit depends.

    Raises
    ------
    TrackError
        If the program cannot be run, fails, hangs or writes no table.
    """
    written, log = frames_folder.parent / "written", frames_folder.parent / "log.txt"
    command = [str(binary), "-fdir", str(frames_folder), "-out_dir", str(written), *flags]
    limit = _LIMIT_SECONDS + frames * _LIMIT_SECONDS_PER_FRAME
    # One thread, as everywhere: the numbers are those of one process of several, too.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with open(log, "wb") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=frames_folder.parent,
                env=environment,  # and in our process group: what ends a worker ends it, too
            )
        except OSError as error:
            raise TrackError(f"{binary}: cannot be run ({(error.strerror or str(error)).lower()})") from None
    try:
        code = process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        raise TrackError(f"{binary}: did not end in {limit:g} s for {frames} frames; ended it") from None
    finally:
        _end(process)
    if code != 0:
        how = f"ended with code {code}" if code > 0 else f"was ended by signal {-code} ({_signal_name(-code)})"
        raise TrackError(f"{binary}: {how}; its last line: {_last_line(log)}")
    tables = sorted(written.glob("*.csv"))
    if len(tables) != 1:
        raise TrackError(f"{binary}: wrote {len(tables)} CSV files, expected one; its last line: {_last_line(log)}")
    return tables[0]


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program that still runs, with what it started, also where we are interrupted."""
    if process.poll() is None:
        import psutil

        started = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        for one in started:
            with suppress(psutil.Error):  # it is gone
                one.kill()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:_LAST_LINE] if lines else "none"
