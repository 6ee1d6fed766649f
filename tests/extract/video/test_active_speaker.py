from pathlib import Path

import numpy as np
import pytest

from trimodal.extract.audio.voice_activity import VoiceActivity
from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.active_speaker import speaking, speech_at
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_geometry import FaceGeometry
from trimodal.extract.video.face_landmarks import FaceLandmarks
from trimodal.extract.video.face_schema import FACES
from trimodal.extract.video.faces import Faces
from trimodal.media import Sampling, probe, read_audio, read_frames
from trimodal.track import Track, concatenate, empty_track


def _faces(times: np.ndarray, people: np.ndarray) -> Track:
    fields = {name: field.empty(len(times)) for name, field in FACES.items()}
    fields["track"] = people.astype(np.int32)
    return Track(schema=FACES, times=np.stack([times, times + 0.1], axis=1), fields=fields)


def _geometry(times: np.ndarray, people: np.ndarray, opening: np.ndarray) -> Track:
    schema = FaceGeometry().schema
    fields = {name: field.empty(len(times)) for name, field in schema.items()}
    fields["track"] = people.astype(np.int32)
    fields["values"][:, schema["values"].columns.index("mouth_opening")] = opening  # type: ignore[index]
    return Track(schema=schema, times=np.stack([times, times + 0.1], axis=1), fields=fields)


def _voice(speech: np.ndarray) -> Track:
    starts = np.arange(len(speech)) * 0.1
    values = np.stack([speech, np.ones(len(speech))], axis=1).astype(np.float32)
    times = np.stack([starts, starts + 0.1], axis=1)
    return Track(schema=VoiceActivity().schema, times=times, fields={"values": values})


def _two_people() -> tuple[Track, Track]:
    """Person 0 opens and closes the mouth in the first two seconds, person 1 in the next two."""
    times = np.repeat(np.arange(40) * 0.1, 2)
    people = np.tile([0, 1], 40)
    moving = (times < 2) == (people == 0)
    opening = np.where(moving, np.repeat(np.arange(40) % 2, 2) * 0.2, 0.0)
    return _faces(times, people), _geometry(times, people, opening)


def test_who_moves_the_mouth_speaks() -> None:
    faces, geometry = _two_people()
    scores = speaking(faces, geometry, _voice(np.ones(40))).reshape(40, 2)
    winner = scores.argmax(axis=1)
    assert (winner[:17] == 0).all()
    assert (winner[23:] == 1).all()


def test_a_mouth_that_moves_in_silence_does_not_count() -> None:
    faces, geometry = _two_people()
    speech = np.concatenate([np.zeros(20), np.ones(20)])
    winner = speaking(faces, geometry, _voice(speech)).reshape(40, 2).argmax(axis=1)
    assert (winner == 1).all()  # before the voice sets in, the one who then speaks


def test_without_a_voice_or_a_mouth_nobody_is_ahead() -> None:
    faces, geometry = _two_people()
    assert not speaking(faces, geometry, empty_track(VoiceActivity().schema)).any()
    assert not speaking(faces, empty_track(FaceGeometry().schema), _voice(np.ones(40))).any()


def test_speech_between_and_outside_of_windows() -> None:
    voice = _voice(np.array([0.25, 0.75]))
    assert speech_at(voice, np.array([-0.1, 0.0, 0.09, 0.1, 0.19, 0.25])).tolist() == [0, 0.25, 0.25, 0.75, 0.75, 0]


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(fps=5)])
def test_the_speaker_of_two_is_found_in_nine_frames_of_ten(media: Path, sampling: Sampling) -> None:
    clip = media / "talking" / "grid-two-speakers.mp4"
    info, detect, landmark = probe(clip), Faces(sampling=sampling), FaceLandmarks()
    faces = concatenate(detect.schema, list(detect.extract(read_frames(clip, info, sampling))))
    frames = read_frames(clip, info, Sampling(), only=np.unique(faces.times[:, 0]))
    landmarks = concatenate(landmark.schema, list(landmark.extract(faces_in_frames(frames, faces))))
    audio = read_audio(clip, info)
    assert audio is not None
    tracks = {
        "faces": faces,
        "geometry": FaceGeometry().extract({"landmarks": landmarks}),
        "voice": concatenate(VoiceActivity().schema, list(VoiceActivity().extract(audio))),
    }
    chosen = FaceChoice(policy="speaker").extract(tracks)
    is_left = chosen.fields["box"][:, [0, 2]].mean(axis=1) < 360
    right = is_left == (chosen.times[:, 0] < 3.0)
    assert len(chosen) == len(np.unique(faces.times[:, 0]))
    assert right.mean() >= 0.9
