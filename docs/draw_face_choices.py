"""Draws docs/face-choices.jpg, what each policy of `face_choice` chooses: run python docs/draw_face_choices.py.

The clip is made here of two portraits in the public domain. On the left, large and for three seconds of four: NASA's of
Eileen Collins (in scikit-image). On the right, smaller, all the time, and with a mouth that moves while a voice is
heard: the US Navy's of Grace Hopper (in matplotlib). The reference is the latter, mirrored and darker.
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from matplotlib import cbook

from trimodal.extract.audio.voice_activity import VoiceActivity
from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_embedding import FaceEmbedding
from trimodal.extract.video.face_geometry import FaceGeometry
from trimodal.extract.video.face_landmarks import FaceLandmarks
from trimodal.extract.video.faces import Faces
from trimodal.media import Frames, probe, read_audio
from trimodal.sample import write_sample
from trimodal.track import Track, concatenate

WIDTH, HEIGHT, FPS, SECONDS = 640, 300, 12.5, 4.0
SHOWN_SECONDS = (0.5, 1.2, 1.9, 2.6, 3.6)
MOUTH_TOP, MOUTH_BOTTOM = 165, 200
"""Rows of the right portrait between which its mouth lies."""


def main() -> None:
    """Track the faces of the clip, let each policy choose, and draw what it chose."""
    frames = Frames(times=_times(), pixels=np.stack([picture(start) for start, _ in _times()]), is_last=True)
    faces, landmarks, embedding = Faces(), FaceLandmarks(), FaceEmbedding()
    found = concatenate(faces.schema, list(faces.extract(iter([frames]))))
    made = {
        extractor: concatenate(extractor.schema, list(extractor.extract(faces_in_frames(iter([frames]), found))))
        for extractor in (landmarks, embedding)
    }
    geometry = FaceGeometry().extract({"landmarks": made[landmarks]})
    with tempfile.TemporaryDirectory() as folder:
        tracks = {"faces": found, "geometry": geometry, "embedding": made[embedding], "voice": voice(Path(folder))}
        rows = [sheet_row(name, one.extract(tracks), found, frames) for name, one in policies(Path(folder)).items()]
    path = Path(__file__).with_name("face-choices.jpg")
    cv2.imwrite(str(path), np.concatenate(rows)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])


def policies(folder: Path) -> dict[str, FaceChoice]:
    """Return every policy by what it is called on the sheet; writes the reference into ``folder``."""
    reference = folder / "reference.png"
    cv2.imwrite(str(reference), (hopper()[:, ::-1, ::-1] * 0.7).astype(np.uint8))
    return {
        "all": FaceChoice(policy="all"),
        "largest": FaceChoice(policy="largest"),
        "central": FaceChoice(policy="central"),
        "longest": FaceChoice(policy="longest"),
        "half: left": FaceChoice(policy="half", half="left"),
        "half: right": FaceChoice(policy="half", half="right"),
        "reference": FaceChoice(policy="reference", reference=str(reference)),
        "speaker": FaceChoice(policy="speaker"),
    }


def hopper() -> np.ndarray:
    """Return the right portrait in RGB."""
    file = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    return cv2.imread(file)[90:390, 90:430, ::-1]


def picture(seconds: float) -> np.ndarray:
    """Return the frame at a time."""
    frame = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    if seconds < 3:
        _paste(frame, skimage.data.astronaut()[:300, 60:400], 0.95, 10)
    portrait = hopper()
    speaking = portrait.copy()
    if 1.0 <= seconds < 3.4:  # while the voice of the sample clip is heard
        opening = 1 + 0.8 * np.sin(2 * np.pi * 1.5 * seconds) ** 2
        lower = portrait[(MOUTH_TOP + MOUTH_BOTTOM) // 2 : MOUTH_BOTTOM + 30]
        moved = cv2.resize(lower, None, fx=1, fy=opening)[: len(lower)]
        speaking[(MOUTH_TOP + MOUTH_BOTTOM) // 2 : MOUTH_BOTTOM + 30] = moved
    _paste(frame, speaking, 0.4, 420 + round(8 * np.cos(2 * seconds)))
    return frame


def voice(folder: Path) -> Track:
    """Return the voice activity of a clip of the sample corpus, which speaks from 1.1 s to 3.3 s."""
    write_sample(folder / "sample")
    clip = folder / "sample" / "sad.mp4"
    audio = read_audio(clip, probe(clip))
    assert audio is not None
    return concatenate(VoiceActivity().schema, list(VoiceActivity().extract(audio)))


def sheet_row(name: str, chosen: Track, found: Track, frames: Frames) -> np.ndarray:
    """Return the frames of one policy side by side: chosen faces framed in green, others in grey."""
    shown = []
    for seconds in SHOWN_SECONDS:
        number = int(np.searchsorted(frames.times[:, 0], seconds))
        start, image = frames.times[number, 0], frames.pixels[number].copy()
        for track, colour, width in ((found, (160, 160, 160), 1), (chosen, (0, 220, 0), 4)):
            for left, top, right, bottom in track.fields["box"][track.times[:, 0] == start]:
                cv2.rectangle(image, (int(left), int(top)), (int(right), int(bottom)), colour, width)
        cv2.putText(image, f"{name}   {start:.2f} s", (8, 292), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
        shown.append(cv2.resize(image, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA))
    return np.concatenate(shown, axis=1)


def _times() -> np.ndarray:
    starts = np.arange(round(SECONDS * FPS)) / FPS
    return np.stack([starts, starts + 1 / FPS], axis=1)


def _paste(frame: np.ndarray, part: np.ndarray, scale: float, left: int) -> None:
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left = max(0, min(left, WIDTH - small.shape[1]))
    frame[HEIGHT - small.shape[0] :, left : left + small.shape[1]] = small


if __name__ == "__main__":
    main()
