"""Makes the sample corpus in sample/corpus: run python examples/make_sample.py.

Six clips of a few seconds. The face is that of astronaut Eileen Collins in NASA's portrait, which is in the public
domain and ships inside scikit-image; it is moved, turned and mirrored. The voice is eSpeak NG's, which says when each
word starts. One clip's sound starts 0.8 s after its picture; in one the face leaves the picture for a second.
"""

import csv
import ctypes
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import espeakng_loader
import numpy as np
import skimage.data

FOLDER = Path(__file__).parents[1] / "sample" / "corpus"
FPS = 25
WIDTH, HEIGHT = 320, 240
LEAD_SECONDS = 0.3
"""Silence before and after the speech."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip to make."""

    name: str
    text: str
    transcript: str
    """Suffix of the transcript file: .json and .TextGrid have words with times, .srt and .vtt a line, .txt no time."""
    voice: str
    speaker: str
    split: str
    sentiment: float
    emotion: str
    mirrored: bool = False
    audio_late_seconds: float = 0.0
    hidden_seconds: tuple[float, float] = (0.0, 0.0)
    """When the face is out of the picture."""


CLIPS = (
    Clip(
        name="happy",
        text="I love this song, it makes me so happy",
        transcript=".json",
        voice="en-us",
        speaker="ann",
        split="train",
        sentiment=2.0,
        emotion="joy",
    ),
    Clip(
        name="sad",
        text="What a terrible day, everything went wrong",
        transcript=".txt",
        voice="en-us+m3",
        speaker="ben",
        split="train",
        sentiment=-2.0,
        emotion="sadness",
        mirrored=True,
        audio_late_seconds=0.8,
    ),
    Clip(
        name="meeting",
        text="The meeting starts at nine in the morning",
        transcript=".srt",
        voice="en-us",
        speaker="ann",
        split="train",
        sentiment=0.0,
        emotion="neutral",
    ),
    Clip(
        name="angry",
        text="They forgot me again, this makes me really angry",
        transcript=".TextGrid",
        voice="en-us+m3",
        speaker="ben",
        split="train",
        sentiment=-2.0,
        emotion="anger",
        mirrored=True,
        hidden_seconds=(1.0, 2.0),
    ),
    Clip(
        name="thanks",
        text="Thank you so much, you made my day",
        transcript=".vtt",
        voice="en-gb+f2",
        speaker="cat",
        split="valid",
        sentiment=2.0,
        emotion="joy",
    ),
    Clip(
        name="table",
        text="Please put the green book on the table",
        transcript=".txt",
        voice="en-gb+m1",
        speaker="dan",
        split="test",
        sentiment=0.0,
        emotion="neutral",
        mirrored=True,
    ),
)


@dataclass(frozen=True)
class Speech:
    """Synthesised speech with the time at which each word starts."""

    samples: np.ndarray
    rate: int
    starts: list[float]

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.samples) / self.rate


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_WORD_EVENT, _SYNCHRONOUS, _UTF8 = 1, 2, 1


class Synthesiser:
    """eSpeak NG through its C interface, which is the one that reports words."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(Path(espeakng_loader.get_data_path()).parent).encode()
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)

    def speak(self, text: str, voice: str) -> Speech:
        """Say a text."""
        pieces: list[np.ndarray] = []
        starts: list[float] = []

        def collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]") -> int:
            if count:
                pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
            number = 0
            while events[number].type:
                if events[number].type == _WORD_EVENT:
                    starts.append(events[number].audio_position_ms / 1000)
                number += 1
            return 0

        callback = _CALLBACK(collect)
        self._library.espeak_SetSynthCallback(callback)
        self._library.espeak_SetVoiceByName(voice.encode())
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return Speech(np.concatenate(pieces), self._rate, starts)


def face_frame(portrait: np.ndarray, seconds: float, mirrored: bool, hidden: bool) -> np.ndarray:
    """Return the portrait as it is seen at a time: it sways, nods and comes nearer."""
    if hidden:
        return np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    centre = np.array([225.0, 120.0])
    scale = 0.85 + 0.08 * np.sin(1.1 * seconds)
    turn = cv2.getRotationMatrix2D(tuple(centre), 6 * np.sin(1.7 * seconds), scale)
    shift = np.array([WIDTH / 2 + 30 * np.sin(0.9 * seconds), HEIGHT / 2 + 8 * np.sin(2.3 * seconds)]) - centre
    turn[:, 2] += shift
    frame = cv2.warpAffine(portrait, turn, (WIDTH, HEIGHT), borderValue=(90, 90, 90))
    return np.ascontiguousarray(frame[:, ::-1]) if mirrored else frame


def write_clip(path: Path, clip: Clip, speech: Speech, portrait: np.ndarray) -> None:
    """Encode picture and sound."""
    silence = np.zeros(round(LEAD_SECONDS * speech.rate), np.int16)
    sound = np.concatenate([silence, speech.samples, silence])
    seconds = clip.audio_late_seconds + len(sound) / speech.rate
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", FPS, options={"crf": "30", "preset": "veryslow", "threads": "1"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("aac", speech.rate, layout="mono")
        audio.bit_rate = 32_000
        for number in range(round(seconds * FPS)):
            hidden = clip.hidden_seconds[0] <= number / FPS < clip.hidden_seconds[1]
            frame = av.VideoFrame.from_ndarray(face_frame(portrait, number / FPS, clip.mirrored, hidden), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        late = round(clip.audio_late_seconds * speech.rate)
        for start in range(0, len(sound), 1024):
            block = av.AudioFrame.from_ndarray(sound[None, start : start + 1024], "s16", "mono")
            block.sample_rate, block.time_base, block.pts = speech.rate, Fraction(1, speech.rate), late + start
            container.mux(audio.encode(block))
        container.mux(audio.encode())


def write_transcript(path: Path, clip: Clip, speech: Speech) -> None:
    """Write the words, with as much of their times as the format carries."""
    shift = clip.audio_late_seconds + LEAD_SECONDS
    words = clip.text.replace(",", "").split()
    starts = [shift + start for start in speech.starts]
    ends = [*starts[1:], shift + speech.seconds]
    if clip.transcript in (".json", ".TextGrid") and len(words) != len(starts):  # it joins some short words
        raise ValueError(f"{clip.name}: {len(words)} words, and the synthesiser reports {len(starts)}")
    timed = list(zip(words, starts, ends, strict=False))
    if clip.transcript == ".json":
        data = [{"word": word, "start": round(start, 3), "end": round(end, 3)} for word, start, end in timed]
        path.write_text(json.dumps({"words": data}, indent=1) + "\n")
    elif clip.transcript == ".TextGrid":
        path.write_text(text_grid([("", 0.0, starts[0]), *timed]))
    elif clip.transcript in (".srt", ".vtt"):
        mark = "," if clip.transcript == ".srt" else "."
        head = "1\n" if clip.transcript == ".srt" else "WEBVTT\n\n"
        path.write_text(f"{head}{clock(starts[0], mark)} --> {clock(ends[-1], mark)}\n{clip.text}\n")
    else:
        path.write_text(clip.text + "\n")


def text_grid(intervals: list[tuple[str, float, float]]) -> str:
    """Return a TextGrid in Praat's long form with one tier called words."""
    end = intervals[-1][2]
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end}"]
    lines += ["tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"']
    lines += ['        name = "words"', "        xmin = 0", f"        xmax = {end}"]
    lines += [f"        intervals: size = {len(intervals)}"]
    for number, (text, start, stop) in enumerate(intervals, 1):
        lines += [f"        intervals [{number}]:", f"            xmin = {start}", f"            xmax = {stop}"]
        lines += [f'            text = "{text}"']
    return "\n".join(lines) + "\n"


def clock(seconds: float, mark: str) -> str:
    """Return a subtitle's way to write a time."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"00:{minutes:02d}:{rest // 1000:02d}{mark}{rest % 1000:03d}"


def main() -> None:
    """Make every clip, its transcript and the manifest."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    portrait = skimage.data.astronaut()[:300]
    synthesiser = Synthesiser()
    with open(FOLDER / "manifest.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["media", "transcript", "split", "speaker", "sentiment", "emotion"])
        for clip in CLIPS:
            speech = synthesiser.speak(clip.text, clip.voice)
            media, transcript = f"{clip.name}.mp4", f"{clip.name}{clip.transcript}"
            write_clip(FOLDER / media, clip, speech, portrait)
            write_transcript(FOLDER / transcript, clip, speech)
            table.writerow([media, transcript, clip.split, clip.speaker, clip.sentiment, clip.emotion])


if __name__ == "__main__":
    main()
