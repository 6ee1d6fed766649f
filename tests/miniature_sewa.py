"""A miniature of SEWA: pairs of people in its layout, with faces, tones and ratings that are known."""

import wave
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from portraits import nobody, portrait, write_video

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


def write_sewa(root: Path, people: Iterable[str] = PEOPLE, header: str = "") -> Path:
    """Write the corpus with labels at 100 Hz, whose tables have no header unless one is given."""
    listed = list(people)
    for person in listed:
        write_media(root / "Original", person)
    for dimension in RATINGS:
        write_labels(root, dimension, listed, header)
    return root


def write_labels(root: Path, dimension: str, people: Iterable[str], header: str = "") -> Path:
    """Write the table of a dimension at 100 Hz."""
    rows = [
        f"{person}_{number / 100:.2f},{RATINGS[dimension](number / 100)}"
        for person in people
        for number in range(round(SECONDS * 100))
    ]
    path = root / f"SEW_labels_{dimension}_100Hz_gold_shifted.csv"
    root.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*([header] if header else []), *rows, ""]))
    return path


def write_media(folder: Path, person: str) -> None:
    """Write the video of a person, whose own sound is silence, and the sound."""
    rate = FRAMES_PER_SECOND.get(person, 50)
    times = [number / rate for number in range(round(SECONDS * rate))]
    start, end = FACELESS.get(person, (0.0, 0.0))
    pictures = [(nobody if start <= seconds < end else portrait)(round(seconds * 5)) for seconds in times]
    write_video(folder / "videos" / f"{person}.avi", pictures, rate, np.zeros(round(SECONDS * 16_000)))
    write_tone(folder / "audio" / f"{person}.wav", tone_hertz(person))


def write_tone(path: Path, hertz: float, seconds: float = SECONDS) -> None:
    """Write a tone at 44.1 kHz in two equal channels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes(np.repeat((samples * 32767).astype("<i2"), 2).tobytes())


def write_avec(root: Path, names: Iterable[str] = ("Train_01", "Devel_01", "Test_01")) -> Path:
    """Write recordings without pictures as the AVEC challenges gave them: a table of each, every 100 ms."""
    (root / "labels").mkdir(parents=True, exist_ok=True)
    for name in names:
        write_tone(root / "audio" / f"{name}.wav", 440.0, seconds=1.0)
        rows = [f"'{name}';{k / 10:.1f};{arousal(k / 10)};{valence(k / 10)};0.125\r\n" for k in range(10)]
        header = "name;frameTime;arousal;valence;liking\r\n"
        (root / "labels" / f"{name}.csv").write_bytes((header + "".join(rows)).encode())
    return root
