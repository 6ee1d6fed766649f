"""CMU-MOSEI in miniature: four videos of a few seconds, in its folders and formats."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from clips import Clip, make_clip
from csd_files import write_csd

LABELS = ("sentiment", "happy", "sad", "anger", "surprise", "disgust", "fear")


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A line of a transcript, and its label."""

    number: int
    start: float
    end: float
    text: str
    label: tuple[float, ...] | None
    """Seven numbers; None: nobody labelled it."""


VIDEOS: dict[str, tuple[str, tuple[Sentence, ...]]] = {
    # In the order of the transcripts; sentences overlap, as they do in real files.
    "-UuX1xuaiiE": (
        "train",
        (
            Sentence(number=0, start=0.0, end=2.517, text="Hello I am here", label=(1.0, 2 / 3, 0, 0, 0, 0, 0)),
            Sentence(number=1, start=2.2, end=4.1234567, text="to talk", label=None),
            Sentence(number=3, start=4.1, end=5.0, text="it was ____ bad", label=(-2.0, 0, 1, 3, 0, 1 / 3, 0)),
        ),
    ),
    "81406": ("train", (Sentence(number=2, start=0.25, end=3.5, text="Numbers too", label=(0.0,) * 7),)),
    "ab__C-d_e12": ("valid", (Sentence(number=0, start=1.0, end=2.0, text="Two of them", label=(3.0, 3, *[0] * 5)),)),
    "zZtest-0001": (
        "test",
        (
            Sentence(number=0, start=0.0, end=1.0, text="One", label=(-3.0, 0, 0, 0, 3, 0, 3)),
            Sentence(number=11, start=1.0, end=2.0, text="Eleven", label=(1 / 3, 0, 0, 0, 0, 0, 0)),
        ),
    ),
    "unsupervise": ("", (Sentence(number=0, start=0.0, end=1.0, text="In no fold", label=(1.0, 0, 0, 0, 0, 0, 0)),)),
}
"""Split and sentences."""
SECONDS = 6.0
FOLDED_AND_ABSENT = "7l3BNtSE0xc"
"""In the list of test videos, and nowhere else."""


def write_mosei(root: Path, media: Literal["full", "clips", "none"] = "full") -> Path:
    """Write the corpus; without media it is sequences and transcripts alone."""
    folder = root / "Raw/Transcript/Segmented/Combined"
    folder.mkdir(parents=True)
    for name, (_, sentences) in VIDEOS.items():
        lines = [f"{name}___{one.number}___{one.start}___{one.end}___{one.text}\n" for one in sentences]
        (folder / f"{name}.txt").write_text("".join(lines))
    write_labels(root / "CMU_MOSEI_Labels.csd")
    rows = np.arange(round(SECONDS * 100))
    times = np.stack([rows / 100, (rows + 1) / 100], axis=1)
    covarep = {name: (np.repeat(rows[:, None], 74, axis=1).astype(np.float32), times) for name in VIDEOS}
    write_csd(root / "CMU_MOSEI_COVAREP.csd", "COVAREP", covarep)
    facet = {name: (np.ones((180, 35), np.float32), np.stack([np.arange(180) / 30, np.arange(1, 181) / 30], axis=1))
             for name in VIDEOS}  # fmt: skip
    write_csd(root / "CMU_MOSEI_VisualFacet42.csd", "FACET 4.2", facet)
    words = {name: _words(sentences) for name, (_, sentences) in VIDEOS.items()}
    write_csd(root / "CMU_MOSEI_TimestampedWords.csd", "words", words)
    write_folds(root / "cmu_mosei_std_folds.py")
    if media != "none":
        _films(root / "Raw/Videos", media)
    return root


def write_labels(path: Path) -> Path:
    """Write the labels; those of a video are in another order than its sentences."""
    entries = {}
    for name, (_, sentences) in VIDEOS.items():
        labelled = [one for one in reversed(sentences) if one.label is not None]
        values = np.array([one.label for one in labelled], np.float32)
        entries[name] = (values, np.array([(one.start, one.end) for one in labelled], np.float32))
    return write_csd(path, "All Labels", entries)


def write_folds(path: Path) -> Path:
    """Write the lists as they are in the SDK."""
    lines = []
    for split in ("train", "valid", "test"):
        ids = [name for name, (its, _) in VIDEOS.items() if its == split]
        lines.append(f"standard_{split}_fold={ids + [FOLDED_AND_ABSENT] * (split == 'test')}\n\n")
    path.write_text("".join(lines))
    return path


def _words(sentences: tuple[Sentence, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the words of all sentences, each as long as the others of its sentence."""
    texts, times = [], []
    for one in sentences:
        words = [word for word in one.text.lower().split() if word != "____"]
        edges = np.linspace(one.start, one.end, len(words) + 1)
        texts += [[word] for word in words]
        times += list(pairwise(edges))
    return np.array(texts, "S32"), np.array(times)


def _films(folder: Path, media: Literal["full", "clips"]) -> None:
    folder = folder / ("Full" if media == "full" else "Segmented") / "Combined"
    folder.mkdir(parents=True)
    for name, (_, sentences) in VIDEOS.items():
        if media == "full":
            _film(folder / f"{name}.mp4", SECONDS)
        for one in sentences if media == "clips" else ():
            _film(folder / f"{name}_{one.number}.mp4", one.end - one.start)


def _film(path: Path, seconds: float) -> Path:
    frames = tuple(number / 25 for number in range(round(seconds * 25)))
    return make_clip(path, Clip(frame_times=frames, audio_seconds=seconds, audio_codec="aac"))
