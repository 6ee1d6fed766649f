"""How many rows extractors expect, against what they make of real clips."""

from dataclasses import replace
from pathlib import Path

import pytest

from trimodal.corpus import Recording
from trimodal.extract import EXTRACTORS
from trimodal.extract.audio.chroma import ChromaCqt
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.extract.audio.opensmile import OpenSmile
from trimodal.extract.audio.voice_activity import VoiceActivity
from trimodal.extract.audio.waveform import Waveform
from trimodal.extract.base import CPU
from trimodal.extract.expected_size import expected_bytes, expected_rows, field_bytes
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import RecordingTracks, extract_recording
from trimodal.extract.text.words import Words
from trimodal.extract.track_file import read_track
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_crop import FaceCrop
from trimodal.extract.video.faces import Faces
from trimodal.extract.video.frame_crop import FrameCrop
from trimodal.media import Sampling, probe
from trimodal.track import TEXT, Field
from trimodal.windows import Windows

PLAN = make_plan(
    {
        "mfcc": Mfcc(hop_seconds=0.02),
        "chroma": ChromaCqt(),
        "egemaps": OpenSmile(),
        "voice_activity": VoiceActivity(sample_rate=8000),
        "waveform": Waveform(length_seconds=0.1, windows=Windows(length_seconds=0.1, hop_seconds=0.05)),
        "spoken": Waveform(length_seconds=0.1, intervals="words"),
        "words": Words(),
        "faces": Faces(sampling=Sampling(fps=5)),
        "face": FaceChoice(),
        "crop": FaceCrop(faces="face", size_pixels=32),
        "frames": FrameCrop(sampling=Sampling(every=2), size_pixels=16),
    }
)


def test_real_clips_are_within_a_factor_of_two(sample: Path, tmp_path: Path) -> None:
    recording = Recording(id="happy", media=sample / "happy.mp4", transcript=sample / "happy.json")
    made = extract_recording(recording, [], PLAN, tmp_path, CPU)
    assert isinstance(made, RecordingTracks), made
    rows = expected_rows(PLAN, probe(recording.media))
    for track in PLAN.tracks:
        path = made.paths[track.name]
        count = len(read_track(path, track.schema))
        assert count / 2 < rows[track.name] < count * 2, track.name
        assert path.stat().st_size / 2 < expected_bytes([track], rows) < path.stat().st_size * 2, track.name


def test_what_is_not_there_has_no_rows(sample: Path) -> None:
    info = probe(sample / "happy.mp4")
    silent = expected_rows(PLAN, replace(info, audio_start_seconds=None))
    assert {name for name, count in silent.items() if not count} == {
        *("mfcc", "chroma", "egemaps", "voice_activity", "waveform", "spoken")
    }
    unseen = expected_rows(PLAN, replace(info, video_start_seconds=None))
    assert {name for name, count in unseen.items() if not count} == {"faces", "face", "crop", "frames"}


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [(Sampling(), 30.0), (Sampling(every=3), 10.0), (Sampling(fps=5), 5.0), (Sampling(fps=60), 30.0)],
)
def test_rates_of_sampling(sampling: Sampling, expected: float) -> None:
    assert sampling.rate(30.0) == expected


def test_a_field_takes_the_room_of_its_values() -> None:
    assert field_bytes(Field(shape=(3, 4))) == 48
    assert field_bytes(Field(dtype="uint8", shape=(2, 2, 3))) == 12
    assert field_bytes(Field(dtype="int64")) == 8
    assert field_bytes(Field(dtype=TEXT)) > 10


def test_every_kind_of_extractor_has_an_answer() -> None:
    assert all(not extractor.expected_rows.__qualname__.startswith("Extractor.") for extractor in EXTRACTORS.values())
