"""CMU-MOSI in miniature: four of its videos, a few seconds each, in its folders and formats."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from clips import Clip, make_clip
from csd_files import write_csd
from numpy.typing import NDArray

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Video:
    """What is said in a video, and how the people who watched it felt about it."""

    split: str
    seconds: float
    words: tuple[tuple[str, float, float], ...]
    """With the pauses between them, ``sp``."""
    utterances: tuple[tuple[str, float, float, float], ...]
    """Text, start, end, sentiment."""
    covarep_rows: int
    """At 100 Hz; row k holds k in all its columns."""
    facet_rows: tuple[int, ...]
    """At 30 Hz: numbers of the rows that are there; row k holds k in all its columns."""


_LONG = [f"{word}" for _ in range(12) for word in ("so", "i", "think", "film", "good")]
"""60 words: more than fit into 50 rows."""

VIDEOS = {
    "03bSnISJMiM": Video(
        split="train",
        seconds=6.0,
        words=(
            ("sp", 0.0, 1.0),
            ("i", 1.0, 1.25),
            ("love", 1.25, 1.75),
            ("sp", 1.75, 2.0),
            ("this", 2.0, 2.5),
            ("movie", 2.5, 3.125),  # goes on in the second utterance
            ("sp", 3.125, 3.5),
            ("umm", 3.5, 4.0),
            ("really", 4.0, 4.5),
            ("good", 4.5, 5.0),
        ),
        utterances=(("I LOVE THIS MOVIE", 1.0, 3.0, 2.4), ("UMM REALLY GOOD", 3.0, 5.0, -0.8)),
        covarep_rows=600,
        facet_rows=tuple(range(180)),
    ),
    "2iD-tVS8NPw": Video(
        split="train",
        seconds=8.0,
        words=tuple((word, 0.5 + number / 8, 0.5 + (number + 1) / 8) for number, word in enumerate(_LONG)),
        utterances=((" ".join(_LONG).upper(), 0.5, 8.0, 0.0),),
        covarep_rows=800,
        facet_rows=tuple(range(240)),
    ),
    "c5xsKMxpXnc": Video(
        split="valid",
        seconds=3.0,
        words=(("bad", 0.5, 1.0), ("film", 1.0, 2.0), ("this", 2.0, 2.5)),
        utterances=(("BAD FILM THIS", 0.5, 2.5, -3.0),),
        covarep_rows=300,
        facet_rows=tuple(k for k in range(90) if not 29 <= k < 61),  # no face while the film is mentioned
    ),
    "f_pcplsH_V0": Video(
        split="test",
        seconds=3.0,
        words=(("good", 0.25, 1.0), ("xyzzy", 1.25, 2.0)),  # nobody has a vector for the latter
        utterances=(("GOOD", 0.0, 1.0, 1.0), ("XYZZY", 1.0, 2.0, -1.6)),
        covarep_rows=300,
        facet_rows=tuple(range(90)),
    ),
}

INFINITE = ("c5xsKMxpXnc", 120, 5)
"""Video, row and column of the one number in COVAREP that is -inf: in the word ``film``."""
BEEP_SECONDS = 1.4
"""When a tone of 1 kHz begins that lasts 0.1 s: in the first video in the word ``love``."""


def film(path: Path, seconds: float) -> Path:
    """Write a video of numbered pictures, 25 a second, with a tone at `BEEP_SECONDS`."""
    frames = tuple(number / 25 for number in range(round(seconds * 25)))
    clip = Clip(frame_times=frames, audio_seconds=seconds, beep_seconds=BEEP_SECONDS, audio_codec="aac")
    return make_clip(path, clip)


def write_mosi(
    root: Path, media: Literal["full", "clips", "none"] = "full", film: Callable[[Path, float], object] = film
) -> Path:
    """Write the corpus, its videos by ``film`` from a path and seconds; without media it is sequences alone."""
    _sequences(root)
    if media != "none":
        _transcripts(root / "Raw/Transcript")
        folder = root / "Raw/Video" / ("Full" if media == "full" else "Segmented")
        folder.mkdir(parents=True)
        for name, video in VIDEOS.items():
            if media == "full":
                film(folder / f"{name}.mp4", video.seconds)
            else:
                for number, (_, start, end, _) in enumerate(video.utterances, 1):
                    film(folder / f"{name}_{number}.mp4", end - start)
    return root


def covarep(video: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return 74 columns at 100 Hz, and their times."""
    rows = np.arange(VIDEOS[video].covarep_rows)
    values = np.repeat(rows[:, None], 74, axis=1).astype(np.float32)
    if video == INFINITE[0]:
        values[INFINITE[1], INFINITE[2]] = -np.inf
    return values, np.stack([rows / 100, (rows + 1) / 100], axis=1)


def facet(video: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return 35 columns at 30 Hz, and their times."""
    rows = np.array(VIDEOS[video].facet_rows)
    return np.repeat(rows[:, None], 35, axis=1).astype(np.float32), np.stack([rows / 30, (rows + 1) / 30], axis=1)


def glove(word: str) -> NDArray[np.float32]:
    """Return the vector of a word: 300 numbers that none of them shares, written with four digits."""
    known = sorted({word for video in VIDEOS.values() for word, _, _ in video.words})
    return np.round(np.arange(300) / 300 + known.index(word) + 1, 4).astype(np.float32)


def write_glove(path: Path) -> Path:
    """Write the vectors of all words but two as GloVe does: ``sp`` is no word, and ``xyzzy`` nobody knows."""
    known = sorted({word for video in VIDEOS.values() for word, _, _ in video.words} - {"sp", "xyzzy"})
    path.write_text("".join(f"{word} {' '.join(f'{x:.4f}' for x in glove(word))}\n" for word in known))
    return path


def _sequences(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    times = {name: [(start, end) for _, start, end in video.words] for name, video in VIDEOS.items()}
    words = {name: np.array([[word] for word, _, _ in video.words], "S32") for name, video in VIDEOS.items()}
    write_csd(root / "CMU_MOSI_TimestampedWords.csd", "words", {name: (words[name], times[name]) for name in VIDEOS})
    write_csd(
        root / "CMU_MOSI_TimestampedPhones.csd", "phoneme", {name: ([[b"ah"]], times[name][:1]) for name in VIDEOS}
    )
    write_csd(root / "CMU_MOSI_COVAREP.csd", "COVAREP", {name: covarep(name) for name in VIDEOS})
    write_csd(root / "CMU_MOSI_Visual_Facet_42.csd", "FACET_4.2", {name: facet(name) for name in VIDEOS})
    labels = {
        name: (
            np.array([[sentiment] for *_, sentiment in video.utterances], np.float32),
            np.array([(start, end) for _, start, end, _ in video.utterances]),
        )
        for name, video in VIDEOS.items()
    }
    write_csd(root / "CMU_MOSI_Opinion_Labels.csd", "Opinion Segment Labels", labels)


def _transcripts(folder: Path) -> None:
    (folder / "Segmented").mkdir(parents=True)
    (folder / "Full").mkdir()
    for name, video in VIDEOS.items():
        lines = [f"{number}_DELIM_{text}\n" for number, (text, *_) in enumerate(video.utterances, 1)]
        (folder / "Segmented" / f"{name}.annotprocessed").write_text("".join(lines))
        (folder / "Full" / f"{name}.textonly").write_text(" ".join(text for text, *_ in video.utterances))
