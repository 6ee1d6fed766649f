"""MELD in miniature: a few utterances of each split, in its folders and formats, with what is wrong with it."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from portraits import nobody, portrait, write_video

FRAMES_PER_SECOND = 25
_HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
_FOLDERS = {
    "train": "train/train_splits",
    "dev": "dev/dev_splits_complete",
    "test": "test/output_repeated_splits_test",
}
LONG = " ".join(f"I said no, no and number {number} again." for number in range(9))
"""More than 50 sub-words."""


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A row of a table and its clip."""

    table: str
    dialogue: int
    number: int
    said: str
    """As it stands in the table."""
    text: str
    """As it was spoken."""
    speaker: str = "Chandler"
    emotion: str = "neutral"
    sentiment: str = "neutral"
    frames: int = 20
    faces: tuple[int, int] = (0, 10_000)
    """First frame with a face, and first without."""
    hertz: float = 300.0
    clip: str = "whole"
    """``whole``, ``broken`` or ``missing``."""
    times: tuple[str, str] = ("00:16:16,059", "00:16:21,731")
    """In the episode."""

    @property
    def name(self) -> str:
        """Of the clip, without suffix."""
        return f"dia{self.dialogue}_utt{self.number}"

    @property
    def id(self) -> str:
        """What the layout calls it."""
        return f"{self.table}/{self.name}"

    @property
    def seconds(self) -> float:
        """How long the clip is."""
        return self.frames / FRAMES_PER_SECOND

    @property
    def samples(self) -> NDArray[np.float64]:
        """The clip's sound at 16 kHz."""
        return 0.3 * np.sin(2 * np.pi * self.hertz * np.arange(round(self.seconds * 16_000)) / 16_000)


UTTERANCES = (
    Utterance(
        table="train",
        dialogue=0,
        number=0,
        said="also I was the point person on my company\x92s transition from the KL-5 to GR-6 system.",
        text="also I was the point person on my company’s transition from the KL-5 to GR-6 system.",  # noqa: RUF001
        frames=150,  # 30 are looked at
    ),
    Utterance(
        table="train",
        dialogue=0,
        number=1,
        said='You must\'ve had your "hands" full.',
        text='You must\'ve had your "hands" full.',
        speaker="The Interviewer",
        frames=60,  # faces in the first six of twelve that are looked at
        faces=(0, 30),
        hertz=440.0,
        times=("0:16:21,940", "0:16:23,442"),
    ),
    Utterance(table="train", dialogue=125, number=3, said="Hi!", text="Hi!", clip="broken"),
    Utterance(table="train", dialogue=309, number=0, said=LONG, text=LONG, emotion="anger", sentiment="negative"),
    Utterance(
        table="dev",
        dialogue=0,
        number=0,
        said="Oh my God, he\x92s lost it \x96 totally\xa0lost it\x85",
        text="Oh my God, he’s lost it – totally\xa0lost it…",  # noqa: RUF001
        speaker="Phoebe",
        emotion="sadness",
        sentiment="negative",
    ),
    Utterance(table="dev", dialogue=110, number=7, said="Yes.", text="Yes.", clip="missing"),
    Utterance(
        table="test",
        dialogue=0,
        number=0,
        said="Why do all you're coffee mugs have numbers on the bottom?",
        text="Why do all you're coffee mugs have numbers on the bottom?",
        speaker="Mark",
        emotion="surprise",
        sentiment="positive",
        faces=(0, 0),
    ),
    Utterance(
        table="test",
        dialogue=38,
        number=4,
        said="Oh.",
        text="Oh.",
        speaker="Rachel",
        emotion="joy",
        sentiment="positive",
        frames=50,
        times=("0:07:03,000", "0:07:02,900"),  # ends before it starts
    ),
)
KEPT = tuple(one for one in UTTERANCES if one.clip == "whole")
SECOND_CUTS = ("dia0_utt0", "dia93_utt5")
"""Of test; the latter is in no table."""


def write_meld(root: Path) -> Path:
    """Write ``MELD.Raw`` below a folder."""
    raw = root / "MELD.Raw"
    for table, folder in _FOLDERS.items():
        (raw / folder).mkdir(parents=True)
        rows = [one for one in UTTERANCES if one.table == table]
        below = table if table == "train" else ""  # its table is in the archive of the clips
        (raw / below / f"{table}_sent_emo.csv").write_bytes(table_of(rows).encode())
        for one in rows:
            write_clip(raw / folder / f"{one.name}.mp4", one)
    (raw / "README.txt").write_text("MELD\n")
    test = raw / _FOLDERS["test"]
    (test / "._dia0_utt0.mp4").write_bytes(b"\0\5\x16\7")
    for name in SECOND_CUTS:
        write_clip(test / f"final_videos_test{name}.mp4", KEPT[-1])
    return root


def table_of(rows: list[Utterance]) -> str:
    """Return a table as it was published."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER.split(","))
    for row, one in enumerate(rows, 1):
        place = (one.dialogue, one.number, 8, 21)
        writer.writerow([row, one.said, one.speaker, one.emotion, one.sentiment, *place, *one.times])
    return text.getvalue()


def write_clip(path: Path, one: Utterance) -> None:
    """Write the clip of an utterance, or what there is of it."""
    if one.clip == "broken":
        path.write_bytes(b"not a film" * 100)
    elif one.clip == "whole":
        first, last = one.faces
        pictures = [(portrait if first <= number < last else nobody)(number) for number in range(one.frames)]
        write_video(path, pictures, FRAMES_PER_SECOND, one.samples)
