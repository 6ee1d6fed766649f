"""An extractor that goes wrong in every way: which, the length of the sound says. Worker processes import this file."""

import ctypes
import faulthandler
import os
import signal
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from trimodal.extract import AudioExtractor, Execution
from trimodal.extract.base import CPU
from trimodal.media import Audio
from trimodal.track import Field, Schema, Track

SECONDS = {
    "raise": 0.51,
    "hang": 0.52,
    "hang_and_hold": 0.53,
    "allocate": 0.54,
    "abort": 0.55,
    "segfault": 0.56,
    "leave": 0.57,
    "die_once": 0.58,
    "write_rubbish": 0.59,
}
"""How long a sound lasts that does it."""
END_PARENT_SECONDS = 0.61
"""How long a sound lasts that ends the process to which the worker belongs: a Dask worker."""


@dataclass(frozen=True, kw_only=True)
class Poison(AudioExtractor):
    """The loudness of sound, if that is all."""

    name: ClassVar[str] = "poison"

    folder: str
    """Where it notes that it has died."""

    @property
    def schema(self) -> Schema:
        return {"values": Field(shape=(1,))}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        length = round(audio.end_seconds - audio.start_seconds, 2)
        for harm, seconds in SECONDS.items():
            if length == seconds:
                _do(harm, Path(self.folder))
        if length == END_PARENT_SECONDS:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(3600)
        times = np.array([[audio.start_seconds, audio.end_seconds]])
        yield Track(schema=self.schema, times=times, fields={"values": np.array([[length]], np.float32)})


def write_sound(path: Path, seconds: float) -> Path:
    """Write a tone of that length."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((1000 * np.sin(np.arange(round(seconds * 16_000)) / 5)).astype("<i2").tobytes())
    return path


def _do(harm: str, folder: Path) -> None:
    if harm == "raise":
        raise RuntimeError("poisoned")
    if harm == "hang":
        time.sleep(3600)
    if harm == "hang_and_hold":
        while True:
            ctypes.PyDLL(None).pause()  # native code that keeps every other thread of Python waiting
    if harm == "allocate":
        taken = []
        while True:
            taken.append(np.ones(2**22))
    if harm == "abort":
        os.abort()
    if harm == "segfault":
        faulthandler._sigsegv()
    if harm == "leave":
        os._exit(3)
    if harm == "die_once" and not (folder / "died").exists():
        (folder / "died").touch()
        os.abort()
    if harm == "write_rubbish":
        os.write(2, b"x" * 200_000)
        os.write(1, b"\xff\x00\n")
