"""A miniature of SEWA: pairs of people in its layout, with faces, tones and ratings that are known."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from portraits import nobody, portrait
from videos import write_video
from waves import sine, write_wave

PEOPLE = ("SEW1101", "SEW1102", "SEW1119", "SEW1120", "SEW2201", "SEW2202")
SECONDS = 3.0
FRAMES_PER_SECOND = {"SEW1120": 30, "SEW2202": 25}
"""Of the others 50."""
FACELESS = {"SEW1102": (1.0, 1.4)}
"""When there is no face, in seconds."""
SOUND_RATE = 44_100


def arousal(seconds: float) -> float:
    """Return the rating at a time: a line from -0.3 up."""
    return round(-0.3 + 0.2 * seconds, 4)


def valence(seconds: float) -> float:
    """Return the other rating: 0.25, and from 1.5 s on -0.5."""
    return 0.25 if seconds < 1.5 else -0.5


RATINGS: dict[str, Callable[[float], float]] = {"arousal": arousal, "valence": valence}


def tone_hertz(person: str) -> float:
    """Return the tone that is all the sound of a person."""
    return 200.0 + 100.0 * PEOPLE.index(person)


def write_sewa(root: Path, people: Iterable[str] = PEOPLE, header: str = "", seconds: float = SECONDS) -> Path:
    """Write the corpus with labels at 100 Hz, whose tables have no header unless one is given."""
    listed = list(people)
    for person in listed:
        write_media(root / "Original", person, seconds)
    for dimension in RATINGS:
        write_labels(root, dimension, listed, header, seconds)
    return root


def write_labels(root: Path, dimension: str, people: Iterable[str], header: str = "", seconds: float = SECONDS) -> Path:
    """Write the table of a dimension at 100 Hz."""
    rows = [
        f"{person}_{number / 100:.2f},{RATINGS[dimension](number / 100)}"
        for person in people
        for number in range(round(seconds * 100))
    ]
    path = root / f"SEW_labels_{dimension}_100Hz_gold_shifted.csv"
    root.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*([header] if header else []), *rows, ""]))
    return path


def write_media(folder: Path, person: str, seconds: float = SECONDS) -> None:
    """Write the video of a person, whose own sound is silence, and the sound."""
    rate = FRAMES_PER_SECOND.get(person, 50)
    times = [number / rate for number in range(round(seconds * rate))]
    start, end = FACELESS.get(person, (0.0, 0.0))
    pictures = [(nobody if start <= time < end else portrait)(round(time * 5)) for time in times]
    write_video(folder / "videos" / f"{person}.avi", pictures, rate, np.zeros(round(seconds * 16_000)))
    write_tone(folder / "audio" / f"{person}.wav", tone_hertz(person), seconds)


def write_tone(path: Path, hertz: float, seconds: float = SECONDS) -> None:
    """Write a tone at 44.1 kHz in two equal channels."""
    write_wave(path, np.tile(0.5 * sine(hertz, seconds, SOUND_RATE), (2, 1)), SOUND_RATE)


def write_avec(root: Path, names: Iterable[str] = ("Train_01", "Devel_01", "Test_01")) -> Path:
    """Write recordings without pictures as the AVEC challenges gave them: a table of each, every 100 ms."""
    (root / "labels").mkdir(parents=True, exist_ok=True)
    for name in names:
        write_tone(root / "audio" / f"{name}.wav", 440.0, seconds=1.0)
        rows = [f"'{name}';{k / 10:.1f};{arousal(k / 10)};{valence(k / 10)};0.125\r\n" for k in range(10)]
        header = "name;frameTime;arousal;valence;liking\r\n"
        (root / "labels" / f"{name}.csv").write_bytes((header + "".join(rows)).encode())
    return root
