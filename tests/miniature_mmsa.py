"""A miniature of CH-SIMS, and of MOSI as MMSA has it: label.csv and Raw/<video>/<clip>.mp4."""

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

from clips import Clip, make_clip

HERTZ, SECONDS = 220.0, 1.6
"""Every clip of CH-SIMS is this tone, 25 frames a second."""
COLUMNS = ("video_id", "clip_id", "text", "label", "label_T", "label_A", "label_V", "annotation", "mode")


@dataclass(frozen=True)
class Row:
    """A line of label.csv."""

    video: str
    clip: str
    text: str
    label: float
    of_modalities: tuple[float, float, float] | None
    annotation: str
    mode: str

    @property
    def name(self) -> str:
        return f"{self.video}/{self.clip}"

    @property
    def cells(self) -> list[str]:
        modalities = ["", "", ""] if self.of_modalities is None else [str(label) for label in self.of_modalities]
        return [self.video, self.clip, self.text, str(self.label), *modalities, self.annotation, self.mode]


SIMS = (
    Row("video_0001", "0001", "我不想嫁给李茶", -0.8, (-1.0, -0.6, -0.4), "Negative", "train"),
    Row("video_0001", "0002", "你好,世界", 0.0, (0.0, 0.2, 0.0), "Neutral", "train"),
    Row("video_0002", "0001", "今天天气真好" * 10, 1.0, (1.0, 0.8, 0.6), "Positive", "valid"),
    Row("video_0060", "0010", "走吧", 0.2, (0.0, 0.4, 0.2), "Positive", "test"),
)
MOSI = (
    Row("03bSnISJMiM", "1", "I love this song it makes me so happy", 2.4, None, "Positive", "train"),
    Row("03bSnISJMiM", "2", "What a terrible day everything went wrong", -2.0, None, "Negative", "valid"),
    Row("BvYR0L6f2Ig", "10", "I love this song it makes me so happy", 0.0, None, "Neutral", "test"),
)


def write_sims(root: Path) -> Path:
    """Write the miniature of CH-SIMS."""
    _write_table(root, SIMS)
    sounding = Clip(audio_seconds=SECONDS, beep_seconds=0.0, tone_seconds=SECONDS, tone_hertz=HERTZ, audio_codec="aac")
    frames = tuple(number / 25 for number in range(round(SECONDS * 25)))
    clip = make_clip(root / "tone.mp4", Clip(**{**vars(sounding), "frame_times": frames}))
    for row in SIMS:
        _place(clip, root, row)
    clip.unlink()
    return root


def write_mosi_of_mmsa(root: Path, sample: Path) -> Path:
    """Write three clips of the sample corpus, which speak, as MMSA has MOSI."""
    _write_table(root, MOSI)
    for row, clip in zip(MOSI, ("happy", "sad", "happy"), strict=True):
        _place(sample / f"{clip}.mp4", root, row)
    return root


def _write_table(root: Path, rows: tuple[Row, ...]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    with open(root / "label.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(row.cells for row in rows)


def _place(clip: Path, root: Path, row: Row) -> None:
    (root / "Raw" / row.video).mkdir(parents=True, exist_ok=True)
    shutil.copy(clip, root / "Raw" / f"{row.name}.mp4")
