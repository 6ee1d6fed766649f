"""The SSPNet Conflict Corpus in miniature: tones instead of debates, in its folders and formats."""

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 48_000


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A tone with an offset, which is what a mean that is not removed looks like."""

    level: float
    """Mean of ten raters."""
    hertz: float
    seconds: float
    speakers: tuple[int, ...]
    """The moderator first."""
    split: str
    amplitude: float = 0.25
    offset: float = 0.05

    @property
    def samples(self) -> NDArray[np.float64]:
        """The sound at 48 kHz."""
        times = np.arange(round(self.seconds * RATE)) / RATE
        return self.offset + self.amplitude * np.sin(2 * np.pi * self.hertz * times)


CLIPS: Mapping[str, Clip] = {
    "06-11-08_1290_1320": Clip(level=-7.3, hertz=200, seconds=30, speakers=(50, 7), split="train"),
    "06-11-08_1320_1350": Clip(level=0.0, hertz=300, seconds=31, speakers=(7, 9), split="train"),  # she says nothing
    "07-01-31_1710_1740": Clip(level=5.5, hertz=400, seconds=20, speakers=(153, 8, 91), split="valid"),
    "08-03-12_0_30": Clip(level=-0.1, hertz=500, seconds=30, speakers=(91, 5), split="test"),
    "08-03-12_30_60": Clip(
        level=10.0, hertz=500, seconds=30, speakers=(91,), split="test", amplitude=0.0, offset=0.0
    ),  # nobody speaks
}
"""In the order of the table, but for the first two."""


def write_sspnet(root: Path, sorted_into_folders: bool = False, clips: Mapping[str, Clip] = CLIPS) -> Path:
    """Write the corpus as it is unpacked, or with the clips in folders by split, as ConflictNET's code wants them."""
    root.mkdir(parents=True, exist_ok=True)
    lines = [f"{name},{clip.level}\r\n" for name, clip in clips.items()]
    (root / "conflictlevel.csv").write_bytes("".join(["Name,Value\r\n", *lines]).encode())
    (root / "participantslist.csv").write_text("clip,participants\n")
    (root / "manualdiarization").mkdir()
    for name, clip in clips.items():
        folder = root / "audiodata" / ({"valid": "val"}.get(clip.split, clip.split) if sorted_into_folders else "")
        _write_wave(folder / f"{name}.wav", clip.samples)
        (root / "manualdiarization" / f"{name}.csv").write_text(_diarization(clip))
    return root


def _diarization(clip: Clip) -> str:
    """Return rows without header: one speaks after the other, and at last all of them at once."""
    edges = np.linspace(0, clip.seconds, len(clip.speakers) + 2)
    rows = [
        f"{start:.2f},{end:.2f}, spk_{one}\n" for start, end, one in zip(edges, edges[1:], clip.speakers, strict=False)
    ]
    together = ", ".join(f"spk_{one}" for one in clip.speakers)
    return "".join([*rows, f"{edges[-2]:.2f},{edges[-1]:.2f}, {together}\n"])


def _write_wave(path: Path, samples: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())
