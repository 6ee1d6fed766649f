"""A miniature of AFEW-VA: a few clips in its layout, with faces that a detector finds and ratings that are known."""

import json
from dataclasses import dataclass
from pathlib import Path

from portraits import nobody, portrait, write_pictures


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What to generate."""

    frames: int
    actor: str
    archive: str = ""
    """The folder that the archive was unpacked into; empty: none."""
    first: int = 0
    """Number of the first picture; ratings begin with frame 0 in any case."""
    faceless: range = range(0)
    lost: range = range(0)
    """Pictures that are not there."""


CLIPS = {
    "001": Clip(frames=75, actor="Ann Onymous", archive="01"),
    "002": Clip(frames=60, actor="Jane Doe", archive="01", faceless=range(25, 35)),
    "003": Clip(frames=20, actor="Jane Doe", archive="01"),
    "051": Clip(frames=55, actor="Zoë Müller", archive="02"),
    "052": Clip(frames=51, actor="John Doe", archive="02"),
    "600": Clip(frames=50, actor="Ann Onymous", archive="12"),
}
"""All last 2 s (of 25 pictures) or more, but for 003."""


def valence(number: int) -> int:
    """Return the rating of a frame: from -10 to 10 and again."""
    return number % 21 - 10


def arousal(number: int) -> int:
    """Return the other rating: 5, and from frame 40 on -3."""
    return 5 if number < 40 else -3


def write_clip(root: Path, id: str, clip: Clip) -> Path:
    """Write a clip with its ratings; return its folder."""
    folder = root / clip.archive / id
    shown = [number for number in range(clip.first, clip.frames) if number not in clip.lost]
    draw = [(number, nobody(number) if number in clip.faceless else portrait(number)) for number in shown]
    write_pictures(folder, draw)
    landmarks = [[100.5 + point, 80.25 + point] for point in range(68)]
    frames = {
        f"{number:05d}": {"landmarks": landmarks, "valence": valence(number), "arousal": arousal(number)}
        for number in range(clip.frames)
    }
    content = {"actor": clip.actor, "frames": frames, "video_id": id}
    (folder / f"{id}.json").write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    return folder


def write_afew_va(root: Path, clips: dict[str, Clip] = CLIPS) -> Path:
    """Write the corpus."""
    for id, clip in clips.items():
        write_clip(root, id, clip)
    return root
