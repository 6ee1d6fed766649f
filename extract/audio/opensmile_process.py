"""Running openSMILE on sound of any length: it reads a file, its rows go into another, and memory stays bounded."""

import re
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import TrackError
from .opensmile_setup import SmileSetup, config_root, last_line

_SINK = "extsink"
_BLOCK_SAMPLES = 2**20
_BLOCK_BYTES = 4 * 2**20
_MOST_SAMPLES = 2**30 - 2**10
"""A wave file counts its bytes in 32 bits, openSMILE with a sign."""
_ROWS_KEPT = 1000
"""Rows of low-level descriptors that openSMILE holds where it need not hold all."""
_WITHOUT_OPTIONS = ("emobase", "IS10", "IS11", "IS12")
"""Sets whose configuration, each one file, fixes functionals to the whole sound."""
_WHOLE = re.compile(r"^frameMode *= *full *\n", re.MULTILINE)
_SIZES = re.compile(r"^(?:frameSize|frameStep) *= *0 *\n|^writer\.levelconf\.nT *= *\d+ *\n", re.MULTILINE)
_GROWING = re.compile(r"^writer\.levelconf\.isRb *= *0 *\nwriter\.levelconf\.growDyn *= *1 *\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class FunctionalFrames:
    """Windows over which openSMILE takes functionals while it goes through the sound."""

    length_seconds: float
    hop_seconds: float


@dataclass(frozen=True, kw_only=True)
class SmileRows:
    """Consecutive rows of a level, as openSMILE gave them."""

    times: NDArray[np.float64]
    """Shape (n, 2), seconds from the first sample: openSMILE's own index."""
    values: NDArray[np.float32]
    """Shape (n, columns)."""


def run_smile(
    setup: SmileSetup, samples: NDArray[np.float32], frames: FunctionalFrames | None = None
) -> Iterator[SmileRows]:
    """Run openSMILE once over ``samples`` and yield its rows in blocks.

    The samples become 16-bit integers as opensmile-python makes them, but that what is beyond full scale is clipped and
    does not wrap around. Of low-level descriptors, and of functionals with ``frames``, openSMILE holds only as many
    rows as it needs. Both files are in the system's folder for temporary files and are gone with the iterator.

    Parameters
    ----------
    setup
        What to compute.
    samples
        Shape (n,), full scale is [-1, 1].
    frames
        None: functionals are taken over the whole sound.

    Raises
    ------
    TrackError
        If there is too much sound for one wave file, or openSMILE fails; says its last line.
    """
    if len(samples) > _MOST_SAMPLES:
        found = f"{len(samples) / setup.sample_rate / 3600:.1f} h of sound at {setup.sample_rate} Hz"
        most = f"{_MOST_SAMPLES / setup.sample_rate / 3600:.1f} h"
        raise TrackError(f"{found}; openSMILE reads at most {most} at this rate, give a lower sample_rate")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_wave(folder / "sound.wav", samples, setup.sample_rate)
        config, bounds = _bounded(setup, frames, folder)
        source = config_root() / "shared" / "standard_wave_input.conf.inc"
        options = setup.options() | bounds | {"source": source, "filename": folder / "sound.wav"}
        row = _run(config, options, folder)
        with open(folder / "rows", "rb") as file:
            while len(rows := np.fromfile(file, row, max(1, _BLOCK_BYTES // row.itemsize))):
                starts = rows["start"]
                yield SmileRows(
                    times=np.stack([starts, starts + rows["length"]], axis=1),
                    values=np.ascontiguousarray(rows["values"]),
                )


def column_names(setup: SmileSetup) -> tuple[str, ...]:
    """Return the names of a level's columns, without any sound.

    Raises
    ------
    TrackError
        If openSMILE fails; says its last line.
    """
    source = config_root() / "shared" / "standard_external_wave_input.conf.inc"
    with tempfile.TemporaryDirectory() as name:
        options = setup.options() | {"source": source, "sampleRate": setup.sample_rate}
        with _opened(setup.config_path(), options, Path(name)) as smile:
            count = smile.external_sink_get_num_elements(_SINK)
            return tuple(smile.external_sink_get_element_name(_SINK, index) for index in range(count))


def _run(config: Path, options: dict[str, object], folder: Path) -> np.dtype[Any]:
    """Run openSMILE, write its rows to the file ``rows`` and return what a row is."""
    failures: list[Exception] = []
    with _opened(config, options, folder) as smile, open(folder / "rows", "wb") as file:
        columns = smile.external_sink_get_num_elements(_SINK)
        row = np.dtype([("start", "f8"), ("length", "f8"), ("values", "f4", (columns,))])

        def take(data: NDArray[np.float32], meta: Any) -> None:
            try:  # what is raised here would be lost in the native code that calls
                file.write(np.array([(meta.time, meta.lengthSec, data[0])], row).tobytes())
            except Exception as error:
                failures.append(error)

        smile.external_sink_set_callback_ex(_SINK, take)
        smile.run()
    if failures:
        raise failures[0]
    return row


@contextmanager
def _opened(config: Path, options: dict[str, object], folder: Path) -> Iterator[Any]:
    """Give openSMILE, ready to run; what goes wrong is a `TrackError` with its last line."""
    from opensmile.core.lib import OpenSMILE, OpenSmileException

    smile, log = OpenSMILE(), folder / "log.txt"
    try:
        smile.initialize(str(config), options, loglevel=1, log_file=str(log))
        yield smile
    except OpenSmileException as error:
        raise TrackError(f"openSMILE fails ({error}); its last line: {last_line(log)}") from None
    finally:
        smile.free()


def _bounded(setup: SmileSetup, frames: FunctionalFrames | None, folder: Path) -> tuple[Path, dict[str, object]]:
    """Return the configuration, and options, with which openSMILE's memory does not grow with the sound.

    Every set also has its functionals, for which it holds the low-level descriptors until these are read. Functionals
    of every second are as good as any where nobody asks for them. Most sets let options decide, some are rewritten.
    Where functionals of the whole sound are wanted, and for a user's configuration, it stays as it is.
    """
    path = setup.config_path()
    if setup.is_config or (setup.level == "functionals" and frames is None):
        return path, {}
    frames = frames or FunctionalFrames(length_seconds=1.0, hop_seconds=1.0)
    kept = _ROWS_KEPT + round(100 * max(frames.length_seconds, frames.hop_seconds))
    mode = f"frameMode = fixed\nframeSize = {frames.length_seconds:.6f}\nframeStep = {frames.hop_seconds:.6f}\n"
    ring = f"writer.levelconf.growDyn = 0\nwriter.levelconf.isRb = 1\nwriter.levelconf.nT = {kept}\n"
    if setup.feature_set in _WITHOUT_OPTIONS:
        text = _SIZES.sub("", path.read_text(encoding="latin-1"))
        text = _GROWING.sub(ring, _WHOLE.sub(mode, text))
        (folder / "set.conf").write_text(text, encoding="latin-1")
        return folder / "set.conf", {}
    (folder / "frames.inc").write_text(f"{mode}frameCenterSpecial = left\n", encoding="ascii")
    (folder / "buffer.inc").write_text(ring, encoding="ascii")
    return path, {"frameModeFunctionalsConf": folder / "frames.inc", "bufferModeConf": folder / "buffer.inc"}


def _write_wave(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for first in range(0, len(samples), _BLOCK_SAMPLES):
            scaled = samples[first : first + _BLOCK_SAMPLES] * np.float32(32768)
            file.writeframes(np.clip(scaled, -32768, 32767).astype("<i2").tobytes())
