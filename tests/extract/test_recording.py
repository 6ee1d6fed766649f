"""One recording: waves, gaps, failures. The extractors here are real; a few are made to fail."""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from av.container import InputContainer

from trimodal.corpus import Recording, Segment
from trimodal.errors import TrackError
from trimodal.extract import AudioExtractor, Execution, Extractor, VideoExtractor
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.extract.audio.voice_activity import VoiceActivity
from trimodal.extract.audio.waveform import Waveform
from trimodal.extract.base import CPU
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import (
    Failure,
    RecordingTracks,
    extract_recording,
    failure_of,
    find_recording,
    keep_failure,
    known_recording,
)
from trimodal.extract.text.words import Words
from trimodal.extract.track_file import read_track
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_crop import FaceCrop
from trimodal.extract.video.face_embedding import FaceEmbedding
from trimodal.extract.video.face_geometry import FaceGeometry
from trimodal.extract.video.face_landmarks import FaceLandmarks
from trimodal.extract.video.faces import Faces
from trimodal.media import Audio, Frames, Sampling, video
from trimodal.track import Field, Schema, Track

TWO_FPS = Sampling(fps=2)


@dataclass(frozen=True, kw_only=True)
class Brightness(VideoExtractor):
    """Mean of every frame; a cheap second reader of the same frames."""

    name: ClassVar[str] = "brightness"

    @property
    def schema(self) -> Schema:
        return {"values": Field(shape=(1,), columns=("mean",))}

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        for batch in frames:
            values = batch.pixels.mean(axis=(1, 2, 3), dtype=np.float64).astype(np.float32)[:, None]
            yield Track(schema=self.schema, times=batch.times, fields={"values": values}, gaps=batch.gaps)


@dataclass(frozen=True, kw_only=True)
class BrokenVideo(Brightness):
    """Fails on its second batch."""

    name: ClassVar[str] = "broken_video"

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        for number, piece in enumerate(super().extract(frames)):
            if number == 1:
                raise RuntimeError("out of\n luck")
            yield piece


@dataclass(frozen=True, kw_only=True)
class BrokenAudio(AudioExtractor):
    """Fails."""

    name: ClassVar[str] = "broken_audio"

    @property
    def schema(self) -> Schema:
        return {"values": Field(shape=(1,))}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        raise TrackError("no luck")


def _extract(media: Path, work: Path, **extractors: Extractor) -> RecordingTracks | Failure:
    recording = Recording(id="a/clip", media=media)
    return extract_recording(recording, [], make_plan(extractors), work, Execution())


def _track(result: RecordingTracks | Failure, name: str, extractor: Extractor) -> Track:
    assert isinstance(result, RecordingTracks), result
    return read_track(result.paths[name], extractor.schema)


def _files(work: Path) -> list[str]:
    return sorted(path.name for path in work.rglob("*") if path.is_file() and "sources" not in path.parts)


def test_makes_every_track_and_then_finds_them(sample: Path, tmp_path: Path) -> None:
    faces, crop = Faces(sampling=TWO_FPS), FaceCrop(faces="face", size_pixels=32)
    extractors = {"crop": crop, "face": FaceChoice(), "faces": faces, "light": Brightness(sampling=TWO_FPS)}
    result = _extract(sample / "happy.mp4", tmp_path, **extractors)
    assert isinstance(result, RecordingTracks)
    assert set(result.extracted) == {"crop", "face", "faces", "light"}
    assert len(_track(result, "crop", crop)) == len(_track(result, "faces", faces)) == 6
    assert len(_track(result, "light", Brightness())) == 6
    again = _extract(sample / "happy.mp4", tmp_path, **extractors)
    assert isinstance(again, RecordingTracks)
    assert again.extracted == ()
    assert again.paths == result.paths


def test_only_what_changed_is_made_again(sample: Path, tmp_path: Path) -> None:
    _extract(sample / "happy.mp4", tmp_path, mfcc=Mfcc(), light=Brightness(sampling=TWO_FPS))
    result = _extract(sample / "happy.mp4", tmp_path, mfcc=Mfcc(n_mfcc=13), light=Brightness(sampling=TWO_FPS))
    assert isinstance(result, RecordingTracks)
    assert result.extracted == ("mfcc",)


def test_a_track_that_a_power_cut_left_empty_is_made_again(sample: Path, tmp_path: Path) -> None:
    plan = make_plan({"mfcc": Mfcc()})
    recording = Recording(id="happy", media=sample / "happy.mp4")
    first = extract_recording(recording, [], plan, tmp_path, CPU)
    assert isinstance(first, RecordingTracks)
    content = first.paths["mfcc"].read_bytes()
    first.paths["mfcc"].write_bytes(b"")
    again = extract_recording(recording, [], plan, tmp_path, CPU)
    assert isinstance(again, RecordingTracks)
    assert again.extracted == ("mfcc",)
    assert again.extracted_bytes == len(content)
    assert first.paths["mfcc"].read_bytes() == content


def test_a_damaged_track_that_others_need_is_made_again_by_the_next_run(sample: Path, tmp_path: Path) -> None:
    extractors = {"words": Words(), "spoken": Waveform(length_seconds=0.1, intervals="words")}
    recording = Recording(id="happy", media=sample / "happy.mp4", transcript=sample / "happy.json")
    plan = make_plan(extractors)
    first = extract_recording(recording, [], plan, tmp_path, CPU)
    assert isinstance(first, RecordingTracks)
    os.truncate(first.paths["words"], first.paths["words"].stat().st_size // 2)
    first.paths["spoken"].unlink()
    failed = extract_recording(recording, [], plan, tmp_path, CPU)
    assert isinstance(failed, Failure)
    assert re.search(r"words-.*\.h5: not a readable track \(.*\); the next run makes it again$", failed.reason)
    assert not first.paths["words"].exists()
    keep_failure(failed, recording, [], plan, tmp_path)
    assert known_recording(recording, [], plan, tmp_path) is None  # there is work left
    again = extract_recording(recording, [], plan, tmp_path, CPU)
    assert isinstance(again, RecordingTracks)
    assert set(again.extracted) == {"words", "spoken"}


def test_missing_modalities_are_gaps(tmp_path: Path, media: Path) -> None:
    extractors = {
        "light": Brightness(),
        "mfcc": Mfcc(),
        "words": Words(),
        "faces": Faces(sampling=TWO_FPS),
        "crop": FaceCrop(),
    }
    silent = _extract(media / "odd" / "video_only.mp4", tmp_path, **extractors)
    assert [gap.reason for gap in _track(silent, "mfcc", Mfcc()).gaps] == ["no audio"]
    assert [gap.reason for gap in _track(silent, "words", Words()).gaps] == ["no transcript"]
    blind = _extract(media / "odd" / "audio_only.mp4", tmp_path, **extractors)
    for name in ("light", "crop"):
        track = _track(blind, name, extractors[name])
        assert len(track) == 0
        assert [(gap.reason, gap.start_seconds) for gap in track.gaps] == [("no video", 0.0)]
        assert track.gaps[0].end_seconds == pytest.approx(8.713, abs=0.01)


def test_a_transcript_without_words_is_a_gap(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" ... \n")
    recording = Recording(id="x", media=sample / "happy.mp4", transcript=tmp_path / "empty.txt")
    result = extract_recording(recording, [], make_plan({"words": Words()}), tmp_path / "work", Execution())
    assert len(_track(result, "words", Words())) == 0
    (tmp_path / "empty.txt").write_text("")
    result = extract_recording(recording, [], make_plan({"words": Words()}), tmp_path / "work", Execution())
    assert [gap.reason for gap in _track(result, "words", Words()).gaps] == ["the transcript has no words"]


def test_text_of_the_corpus_is_spoken(sample: Path, tmp_path: Path) -> None:
    recording = Recording(id="x", media=sample / "happy.mp4")
    segments = [Segment(id="x", recording="x", text="I love this song", speaker="ann")]
    result = extract_recording(recording, segments, make_plan({"words": Words()}), tmp_path, Execution())
    assert _track(result, "words", Words()).fields["speaker"].tolist() == ["ann"] * 4


@pytest.mark.parametrize(
    ("extractors", "track", "reason"),
    [
        ({"sound": BrokenAudio(), "mfcc": Mfcc()}, "sound", "no luck"),
        ({"bad": BrokenVideo(), "light": Brightness()}, "bad", "RuntimeError: out of luck"),
    ],
)
def test_an_error_names_its_track_and_leaves_nothing_half_written(
    sample: Path, tmp_path: Path, extractors: dict[str, Extractor], track: str, reason: str
) -> None:
    result = _extract(sample / "happy.mp4", tmp_path, **extractors)
    assert isinstance(result, Failure)
    assert (result.recording, result.track, result.reason) == ("a/clip", track, reason)
    assert "Traceback" in result.details
    assert not [name for name in _files(tmp_path) if name.endswith(".tmp")]
    assert not list(tmp_path.glob("tracks/brightness*/*.h5"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied", "/a.mp4"), "/a.mp4: permission denied"),
        (IsADirectoryError(21, "Is a directory", "/a.csv"), "/a.csv: is a directory"),
        (OSError("unable to read"), "OSError: unable to read"),
    ],
)
def test_files_that_cannot_be_read_are_named(error: OSError, reason: str) -> None:
    failure = failure_of("a", error, stage="read")
    assert (failure.reason, failure.lasts) == (reason, False)


def test_media_that_is_missing_is_named(tmp_path: Path) -> None:
    result = _extract(tmp_path / "gone.mp4", tmp_path / "work", mfcc=Mfcc())
    assert isinstance(result, Failure)
    assert result.track == ""
    assert result.reason == f"{tmp_path / 'gone.mp4'}: no such file or directory"


def test_find_says_which_tracks_are_not_there(sample: Path, tmp_path: Path) -> None:
    recording = Recording(id="a/clip", media=sample / "happy.mp4")
    plan = make_plan({"mfcc": Mfcc(), "light": Brightness(sampling=TWO_FPS)})
    _extract(sample / "happy.mp4", tmp_path, mfcc=Mfcc())
    found = find_recording(recording, [], plan, tmp_path)
    assert isinstance(found, Failure)
    assert found.reason == "not extracted yet: light"
    extract_recording(recording, [], plan, tmp_path, Execution())
    assert isinstance(find_recording(recording, [], plan, tmp_path), RecordingTracks)


def test_the_video_is_read_twice_whatever_is_made_of_it(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings: list[int] = []
    read = video.open_container

    def counting(path: Path) -> AbstractContextManager[InputContainer]:
        readings.append(1)
        return read(path)

    monkeypatch.setattr(video, "open_container", counting)
    faces = Faces(sampling=TWO_FPS)
    extractors = {
        "faces": faces,
        "light": Brightness(sampling=TWO_FPS),
        "dense": Brightness(),
        "landmarks": FaceLandmarks(),
        "geometry": FaceGeometry(landmarks="landmarks"),
        "voice": VoiceActivity(),
        "speaker": FaceChoice(policy="speaker", geometry="geometry", voice="voice"),
        "half": FaceChoice(policy="half", half="left"),
        "largest": FaceChoice(),
        "one": FaceCrop(faces="half", size_pixels=16),
        "other": FaceCrop(faces="largest", size_pixels=16),
        "embedding": FaceEmbedding(faces="speaker"),
        "all": FaceCrop(size_pixels=16, colour="grey"),
    }
    result = _extract(sample / "happy.mp4", tmp_path, **extractors)
    assert isinstance(result, RecordingTracks), result
    assert len(readings) == 2
    halves = _track(result, "half", extractors["half"])
    assert len(_track(result, "one", extractors["one"])) == len(halves)
    assert len(_track(result, "other", extractors["other"])) == len(_track(result, "faces", faces)) == 6
    assert len(_track(result, "dense", extractors["dense"])) > 6

    readings.clear()
    again = _extract(sample / "happy.mp4", tmp_path / "again", faces=faces)
    assert isinstance(again, RecordingTracks)
    with_known_faces = _extract(sample / "happy.mp4", tmp_path / "again", faces=faces, all=extractors["all"])
    assert isinstance(with_known_faces, RecordingTracks)
    assert with_known_faces.extracted == ("all",)
    live, known = (_track(one, "all", extractors["all"]) for one in (result, with_known_faces))
    np.testing.assert_array_equal(live.values, known.values)
    np.testing.assert_array_equal(live.fields["row"], known.fields["row"])
