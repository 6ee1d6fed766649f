"""A miniature of RECOLA as AVEC 2016 has it: 12.04 s, 301 rows of 40 ms, of one recording of each split."""

from pathlib import Path

import numpy as np
from clips import Clip, make_clip
from numpy.typing import NDArray
from portraits import portrait
from videos import write_video

ROWS, STEP_SECONDS = 301, 0.04
RECORDINGS = ("train_1", "dev_9", "test_3")
WIDTHS = {"audio": 88, "video_appearance": 168, "video_geometric": 632}
DIMENSIONS = ("arousal", "valence")
RATERS = ("FM1", "FM2", "FM3", "FF1", "FF2", "FF3")
HERTZ = 220.0


def feature(recording: str, kind: str, dimension: str) -> NDArray[np.float64]:
    """Return what the released features say, shape (ROWS, columns), with as many digits as are written."""
    seed = [RECORDINGS.index(recording), list(WIDTHS).index(kind), DIMENSIONS.index(dimension)]
    return np.random.default_rng(seed).normal(size=(ROWS, WIDTHS[kind])).round(6)


def gold(recording: str, dimension: str) -> NDArray[np.float64]:
    """Return the gold standard, shape (ROWS,)."""
    phase = RECORDINGS.index(recording) + 10 * DIMENSIONS.index(dimension)
    return (np.sin(np.arange(ROWS) / 40 + phase) / 2).round(6)


def write_recola(root: Path, media: bool = False) -> Path:
    """Write the miniature; with ``media`` the recordings, too: a tone, and a portrait in every frame."""
    for recording in RECORDINGS:
        for kind, width in WIDTHS.items():
            for dimension in DIMENSIONS:
                columns = [f"{kind}_{number}" for number in range(width)]
                _write_arff(
                    root / f"features_{kind}", recording, dimension, columns, feature(recording, kind, dimension)
                )
        for dimension in DIMENSIONS if not recording.startswith("test") else ():
            truth = gold(recording, dimension)
            _write_arff(root / "ratings_gold_standard", recording, dimension, ["GoldStandard"], truth[:, None])
            _write_raters(root / "ratings_individual", recording, dimension, truth)
    if media:
        for folder in ("recordings_audio", "recordings_video"):
            (root / folder).mkdir()
        seconds = ROWS * STEP_SECONDS
        sound = Clip(frame_times=(), audio_seconds=seconds, beep_seconds=0.0, tone_seconds=seconds, tone_hertz=HERTZ)
        for recording in RECORDINGS:
            make_clip(root / f"recordings_audio/{recording}.wav", sound)
            write_video(root / f"recordings_video/{recording}.mp4", [portrait(0)] * ROWS, 25, None)
    return root


def write_ratings(root: Path, rows: int, step_seconds: float = STEP_SECONDS, width: int = 0) -> Path:
    """Write the gold standard of all 18 recordings that have one, and of all 27 features of ``width`` columns.

    A feature is the number of its row, of every kind. Without features there is a name of sound, and nothing in it.
    """
    numbers = np.arange(rows, dtype=np.float64)[:, None]
    for recording in (f"{split}_{number}" for split in ("train", "dev", "test") for number in range(1, 10)):
        for dimension in DIMENSIONS:
            if not recording.startswith("test"):
                folder, values = root / "ratings_gold_standard", np.cos(numbers / 40).round(6)
                _write_arff(folder, recording, dimension, ["GoldStandard"], values, step_seconds)
            for kind in WIDTHS if width else ():
                columns = [f"{kind}_{number}" for number in range(width)]
                values = np.tile(numbers, len(columns))
                _write_arff(root / f"features_{kind}", recording, dimension, columns, values, step_seconds)
        if not width:
            (root / "recordings_audio").mkdir(exist_ok=True)
            (root / f"recordings_audio/{recording}.wav").touch()
    return root


def _write_arff(
    folder: Path,
    recording: str,
    dimension: str,
    columns: list[str],
    values: NDArray[np.float64],
    step_seconds: float = STEP_SECONDS,
) -> None:
    """Write as AVEC does: Windows line ends, times without zeros at their end."""
    lines = [f"@relation '{folder.name}'", "", "@attribute Instance_name string", "@attribute frameTime numeric"]
    lines += [*(f"@attribute {column} numeric" for column in columns), "", "@data", ""]
    for row, cells in enumerate(values):
        lines.append(",".join([recording, f"{row * step_seconds:.10g}", *(f"{cell:.6f}" for cell in cells)]))
    path = folder / dimension / f"{recording}.arff"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\r\n".join([*lines, ""]), newline="")


def _write_raters(folder: Path, recording: str, dimension: str, truth: NDArray[np.float64]) -> None:
    """Write what six raters said, who differ by constants; cells of the header end in blanks, as AVEC's do."""
    lines = ["time ;" + " ;".join(RATERS)]
    for row, value in enumerate(truth):
        cells = [f"{value + (rater - 2.5) / 10:.4f}" for rater in range(len(RATERS))]
        lines.append(";".join([f"{row * STEP_SECONDS:.10g}", *cells]))
    path = folder / dimension / f"{recording}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\r\n".join([*lines, ""]), newline="")
