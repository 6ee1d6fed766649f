"""RECOLA's own release in miniature: six raters of each recording, in folders called like what they rated."""

from collections.abc import Iterable
from pathlib import Path

from waves import sine, write_wave

RATERS = ("FM1", "FM2", "FM3", "FF1", "FF2", "FF3")
PEOPLE = ("P16", "P17", "P21")
SECONDS, STEP_SECONDS = 4.0, 0.04


def rating(dimension: str, rater: int, seconds: float) -> float:
    """Return what a rater says: lines that differ by constants, upwards for arousal and downwards for valence."""
    return round((0.1 if dimension == "arousal" else -0.1) * seconds + (rater - 2.5) / 10, 4)


def write_rated(root: Path, people: Iterable[str] = PEOPLE) -> Path:
    """Write sound and ratings, with the blanks that the header's cells end in."""
    for person in people:
        write_wave(root / "RECOLA-Audio-recordings" / f"{person}.wav", 0.5 * sine(200.0, SECONDS, 16_000), 16_000)
        for dimension in ("arousal", "valence"):
            lines = ["time ;" + " ;".join(RATERS)]
            for row in range(round(SECONDS / STEP_SECONDS)):
                seconds = row * STEP_SECONDS
                cells = (str(rating(dimension, rater, seconds)) for rater in range(len(RATERS)))
                lines.append(";".join([f"{seconds:.10g}", *cells]))
            path = root / "RECOLA-Annotation/emotional_behaviour" / dimension / f"{person}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\r\n".join([*lines, ""]), newline="")
    return root
