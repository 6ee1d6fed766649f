"""A miniature of IEMOCAP: its folders, formats and traps, with media of known colours and tones."""

import math
import wave
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SAMPLE_RATE = 16_000
FRAMES_PER_SECOND = Fraction(30_000, 1001)
WIDTH, HEIGHT = 720, 480
VIDEO_TONE = 3_000
"""What the videos themselves play, in Hz: the sound that counts is in dialog/wav."""
CATEGORIES = {
    "ang": "Anger",
    "hap": "Happiness",
    "exc": "Excited",
    "sad": "Sadness",
    "neu": "Neutral",
    "fru": "Frustration",
    "sur": "Surprise",
    "fea": "Fear",
    "dis": "Disgust",
    "oth": "Other",
}
LONG_TEXT = " ".join(["yes", "no"] * 65)


@dataclass(frozen=True, kw_only=True)
class MiniatureTurn:
    """What is true of a turn."""

    id: str
    start: float
    end: float
    emotion: str
    text: str
    """Of the transcription."""
    aligned: str | None = ""
    """What the alignment says between ``<s>`` and ``</s>``; empty: the text in capitals; None: there is none."""
    raters: tuple[str, ...] = ()
    """The categories that E1, E2, ... chose; empty: three times the emotion."""
    tone: int = 200
    """Hz."""

    @property
    def dialogue(self) -> str:
        return self.id.rpartition("_")[0]

    @property
    def chosen(self) -> tuple[str, ...]:
        return self.raters or (f"{CATEGORIES[self.emotion]};",) * 3

    @property
    def words(self) -> list[tuple[int, int, str]]:
        """First frame, last frame and word: all as long, behind ``<s>`` and before ``</s>`` of ten frames each."""
        words = (self.aligned or self.text.strip(".?!").replace(",", "").upper()).split()
        frames = math.floor((self.end - self.start) * 100)
        length = (frames - 20) // len(words)
        spans = [(10 + place * length, 9 + (place + 1) * length, word) for place, word in enumerate(words)]
        return [(0, 9, "<s>"), *spans, (spans[-1][1] + 1, frames - 1, "</s>")]


def turn(id: str, start: float, end: float, emotion: str, text: str, **more: object) -> MiniatureTurn:
    """Return a turn."""
    return replace(MiniatureTurn(id=id, start=start, end=end, emotion=emotion, text=text), **more)  # type: ignore[arg-type]


TURNS = (
    turn("Ses01F_impro01_F000", 0.2501, 1.7357, "neu", "Excuse me.", aligned="EXCUSE(2) <sil> ME", tone=300),
    # Two speak at once; the text has a second colon; one rater chose two categories and the actress does not count.
    turn(
        "Ses01F_impro01_M000",
        1.5,
        2.75,
        "fru",
        "Well: it's 10:30, don't you have it?",
        aligned="WELL IT'S TEN THIRTY DON'T YOU HAVE IT",
        raters=("Frustration; Anger;", "Frustration;", "Anger;"),
        tone=400,
    ),
    turn("Ses01F_impro01_F001", 2.8, 3.9, "xxx", "Yeah.", raters=("Anger;", "Sadness;", "Neutral;", "Other; Fear;")),
    turn("Ses01M_script01_1b_M000", 0.5, 12.5, "ang", LONG_TEXT, tone=500),
    turn("Ses01M_script01_1b_F000", 12.6, 13.7, "exc", "[LAUGHTER]", aligned="++LAUGHTER++"),
    turn("Ses02F_script02_2_F000", 0.2, 1.7, "hap", "Yes, yes!", raters=("Happiness;", "Happiness;", "Excited;")),
    turn("Ses02F_script02_2_M000", 1.8, 2.6, "sad", "[GARBAGE]", aligned="++GARBAGE++"),
    turn("Ses02F_script02_2_F001", 2.6, 3.8, "sad", "No.", aligned="++BREATHING++ ++GARBAGE++ NO"),
    turn("Ses03F_impro07_F001", 0.2, 1.2, "neu", "[BREATHING]", aligned="++BREATHING++"),
    turn("Ses03F_impro07_M030", 1.3, 2.3, "hap", "Yes.", aligned=None),
    turn("Ses03M_impro03_M000", 0.3, 1.3, "neu", "No, no.", aligned="NO NO(2)"),
    turn("Ses03M_impro03_M001", 1.4, 2.4, "sad", "Yes.", aligned=None),
    turn("Ses04F_impro02_M000", 0.2, 1.2, "dis", "No."),
    turn("Ses04F_impro02_F000", 1.2, 2.2, "sur", "Yes?", aligned="++LIPSMACK++ ++LAUGHTER++"),
    turn("Ses05M_impro01_F000", 0.2, 1.2, "fea", "No."),
    turn("Ses05M_impro01_M000", 1.2, 2.2, "oth", "Yes."),
)


def make_iemocap(root: Path, turns: tuple[MiniatureTurn, ...] = TURNS, has_video: bool = True) -> Path:
    """Write the corpus of some turns; every dialogue of theirs ends half a second after its last turn."""
    dialogues: dict[str, list[MiniatureTurn]] = {}
    for one in turns:
        dialogues.setdefault(one.dialogue, []).append(one)
    for name, its_turns in dialogues.items():
        session = root / f"Session{name[4]}"
        for folder in ("EmoEvaluation/Categorical", "transcriptions", "wav", "avi/DivX"):
            (session / "dialog" / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("ForcedAlignment", "wav"):
            (session / "sentences" / folder / name).mkdir(parents=True, exist_ok=True)
        _write_labels(session / "dialog" / "EmoEvaluation", name, its_turns)
        _write_transcription(session / "dialog" / "transcriptions" / f"{name}.txt", its_turns)
        samples = _sound(its_turns)
        write_wav(session / "dialog" / "wav" / f"{name}.wav", np.stack([samples, samples]))
        if has_video:
            write_video(session / "dialog/avi/DivX" / f"{name}.avi", len(samples) / SAMPLE_RATE, colours(name))
            (session / "dialog/avi/DivX" / f"._{name}.avi").write_bytes(b"\0Mac OS X")
        for one in its_turns:
            first, last = (round(at * SAMPLE_RATE) for at in (one.start, one.end))
            write_wav(session / "sentences" / "wav" / name / f"{one.id}.wav", samples[None, first:last])
            if one.aligned is not None:
                _write_alignment(session / "sentences" / "ForcedAlignment" / name / f"{one.id}.wdseg", one)
    return root


def colours(dialogue: str) -> tuple[int, int]:
    """Return the grey of the left and of the right half of a dialogue's pictures."""
    return 60 + 10 * int(dialogue[4]), 180 + 10 * int(dialogue[4])


def tone(hertz: float, seconds: float) -> np.ndarray:
    """Return a sine at a tenth of full scale."""
    return 0.1 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def write_wav(path: Path, samples: np.ndarray) -> None:
    """Write samples of shape (channels, n)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(samples.T * 32767).astype("<i2").tobytes())


def write_video(path: Path, seconds: float, greys: tuple[int, int]) -> None:
    """Write pictures whose halves have a grey each, with a frame of the other half's in their corners and a tone."""
    pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, : WIDTH // 2], pixels[:, WIDTH // 2 :] = greys
    pixels[:40], pixels[-40:] = 0, 0  # above and below both actors, where the middle of 224 pixels does not reach
    frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", FRAMES_PER_SECOND, options={"qscale": "2"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("pcm_s16le", SAMPLE_RATE, layout="mono")
        for number in range(math.ceil(seconds * FRAMES_PER_SECOND)):
            frame.pts, frame.time_base = number, 1 / FRAMES_PER_SECOND
            container.mux(video.encode(frame))
        container.mux(video.encode())
        sound = np.round(tone(VIDEO_TONE, seconds) * 32767).astype(np.int16)
        block = av.AudioFrame.from_ndarray(sound[None], "s16", "mono")
        block.sample_rate, block.pts, block.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
        container.mux(audio.encode(block))
        container.mux(audio.encode())


def _sound(turns: list[MiniatureTurn]) -> np.ndarray:
    samples = np.zeros(round((max(one.end for one in turns) + 0.5) * SAMPLE_RATE))
    for one in turns:
        first = round(one.start * SAMPLE_RATE)
        sound = tone(one.tone, one.end - one.start)
        samples[first : first + len(sound)] = sound
    return samples


def _write_labels(folder: Path, dialogue: str, turns: list[MiniatureTurn]) -> None:
    blocks = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"]
    for one in turns:
        head = f"[{one.start:.4f} - {one.end:.4f}]\t{one.id}\t{one.emotion}\t[2.5000, 3.0000, 3.5000]\n"
        chosen = "".join(f"C-E{number}:\t{chosen}\t()\n" for number, chosen in enumerate(one.chosen, 1))
        itself = f"C-{one.id[-4]}1:\tNeutral;\t()\n"
        attributes = "A-E3:\tval 3; act 2; dom  2;\t()\nA-E4:\tval 2; act 3; dom  3;\t(guarded, tense: ready)\n"
        blocks.append(f"{head}{chosen}{itself}{attributes}\n")
    (folder / f"{dialogue}.txt").write_text("".join(blocks))
    (folder / f"._{dialogue}.txt").write_bytes(b"\0\x05\x16\x07Mac OS X")
    (folder / f"{dialogue}.anvil").write_text("<annotation/>")
    (folder / "Categorical" / f"{dialogue}_e1_cat.txt").write_text(f"{turns[0].id} :Neutral state; ()\n")


def _write_transcription(path: Path, turns: list[MiniatureTurn]) -> None:
    lines = [f"{one.id} [{one.start:08.4f}-{one.end:08.4f}]: {one.text}\n" for one in turns]
    if path.stem == "Ses01F_impro01":
        lines.insert(1, "M: Okay.\n")
        lines.append(f"{path.stem}_MXX0 [003.9000-004.0000]: Hm.\n")
    path.write_text("".join(lines))


def _write_alignment(path: Path, turn: MiniatureTurn) -> None:
    rows = [f"\t{first:5d} {last:5d} {-98765:10d} {word}\n" for first, last, word in turn.words]
    path.write_text(f"   SFrm  EFrm    SegAScr Word\n{''.join(rows)} Total score:  -1234567\n\n")
    path.with_suffix(".phseg").write_text("\t SFrm  EFrm    SegAScr Phone\n")
