import os
from dataclasses import replace
from pathlib import Path

import pytest
from clips import Clip, make_clip

from trimodal.corpus import Annotation, FeatureFile, Recording, Segment
from trimodal.extract.annotation import RatedAnnotation
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.extract.audio.waveform import Waveform
from trimodal.extract.cache import TrackCache
from trimodal.extract.imported.features import Imported
from trimodal.extract.plan import make_plan
from trimodal.extract.segments import Segments
from trimodal.extract.text.words import Words
from trimodal.extract.video.face_crop import FaceCrop
from trimodal.extract.video.faces import Faces
from trimodal.extract.video.frame_crop import FrameCrop
from trimodal.media.clock import Adjustment, SetStart, Shift, Stream
from trimodal.windows import Windows

PLAN = make_plan({"mfcc": Mfcc(), "words": Words(), "segments": Segments()})


def _recording(folder: Path, id: str = "clip") -> Recording:
    (folder / "clip.wav").write_bytes(b"sound")
    (folder / "clip.txt").write_text("words")
    return Recording(id=id, media=folder / "clip.wav", transcript=folder / "clip.txt")


def _keys(folder: Path, recording: Recording, *segments: Segment) -> dict[str, str]:
    cache = TrackCache(folder / "work")
    return cache.keys(PLAN, cache.source(recording, segments))


def test_keys_change_with_what_each_track_reads(tmp_path: Path) -> None:
    recording = _recording(tmp_path)
    first = _keys(tmp_path, recording)
    assert first == _keys(tmp_path, recording)
    (tmp_path / "clip.txt").write_text("other words")
    second = _keys(tmp_path, recording)
    assert (first["mfcc"], first["words"] == second["words"]) == (second["mfcc"], False)
    (tmp_path / "clip.wav").write_bytes(b"other sound")
    third = _keys(tmp_path, recording)
    assert third["mfcc"] != second["mfcc"]
    assert third["words"] != second["words"]
    segment = Segment(id="a", recording="clip")
    fourth = _keys(tmp_path, recording, segment)
    assert {name for name in fourth if fourth[name] != third[name]} == {"segments"}


def test_the_text_of_the_corpus_counts_where_there_is_no_transcript(tmp_path: Path) -> None:
    recording = replace(_recording(tmp_path), transcript=None)
    said = [Segment(id="a", recording="clip", text=text) for text in ("yes", "no")]
    yes, no = (_keys(tmp_path, recording, segment) for segment in said)
    assert {name for name in yes if yes[name] != no[name]} == {"words"}


def test_a_file_that_was_only_touched_is_the_same(tmp_path: Path) -> None:
    recording = _recording(tmp_path)
    first = _keys(tmp_path, recording)
    os.utime(tmp_path / "clip.wav", (1, 1))
    assert _keys(tmp_path, recording) == first


@pytest.mark.parametrize(
    "id", ["a/b", "../../etc/passwd", "..", ".", "x" * 300, "ünï cödé", "a\nb", "CON", "clip", "Clip", "", "/root"]
)
def test_ids_never_lead_out_of_the_work_folder(tmp_path: Path, id: str) -> None:
    track = PLAN.track("mfcc")
    path = TrackCache(tmp_path / "work").path(track, id, "0" * 32)
    assert path.parent == tmp_path / "work" / "tracks" / track.folder_name
    assert len(path.name) < 120
    assert path.name.isascii()


def test_ids_that_differ_in_case_only_have_files_that_differ_in_more(tmp_path: Path) -> None:
    paths = []
    for id in ("clip", "Clip"):
        recording = _recording(tmp_path, id)
        cache = TrackCache(tmp_path / "work")
        keys = cache.keys(PLAN, cache.source(recording, []))
        paths.append(cache.path(PLAN.track("mfcc"), id, keys["mfcc"]).name.lower())
    assert paths[0] != paths[1]


def test_a_given_rotation_makes_other_tracks(tmp_path: Path) -> None:
    recording = _recording(tmp_path)
    keys = [_keys(tmp_path, replace(recording, rotation_degrees=degrees)) for degrees in (None, 0, 90)]
    assert len({key["mfcc"] for key in keys}) == 3


@pytest.mark.parametrize(
    ("stream", "changed"),
    [
        ("audio", {"mfcc", "waveform", "words", "word_sound", "segments"}),
        ("video", {"frame_crop", "faces", "face_crop", "segments"}),
        ("transcript", {"words", "word_sound"}),
    ],
)
def test_a_clock_makes_other_tracks_of_what_reads_its_stream(stream: Stream, changed: set[str], tmp_path: Path) -> None:
    extractors = {
        "mfcc": Mfcc(),
        "waveform": Waveform(length_seconds=1.0, windows=Windows(length_seconds=1.0, hop_seconds=1.0)),
        "words": Words(),
        "word_sound": Waveform(length_seconds=1.0, intervals="words"),
        "segments": Segments(),
        "frame_crop": FrameCrop(),
        "faces": Faces(),
        "face_crop": FaceCrop(),
    }
    plan, recording, cache = make_plan(extractors), _recording(tmp_path), TrackCache(tmp_path / "work")
    clocks: list[dict[Stream, Adjustment]] = [
        {},
        {stream: Shift(seconds=0.0)},
        {stream: Shift(seconds=1e-9)},
        {stream: SetStart(seconds=0.0)},
    ]
    found = [cache.keys(plan, cache.source(replace(recording, clock=clock), [])) for clock in clocks]
    distinct = {name: len({keys[name] for keys in found}) for name in extractors}
    assert distinct == {name: len(clocks) if name in changed else 1 for name in extractors}


def test_a_track_of_an_annotation_changes_with_its_file_alone(tmp_path: Path) -> None:
    plan = make_plan(
        {"arousal": RatedAnnotation(annotation="a"), "joy": RatedAnnotation(annotation="b"), "mfcc": Mfcc()}
    )
    cache = TrackCache(tmp_path / "work")
    files = {name: tmp_path / f"{name}.csv" for name in "ab"}
    for file in files.values():
        file.write_text("time,r\n0,1\n1,2\n")

    def keys(*annotations: Annotation) -> dict[str, str]:
        return cache.keys(plan, cache.source(replace(_recording(tmp_path), annotations=annotations), []))

    def changed(other: dict[str, str]) -> set[str]:
        return {name for name in first if first[name] != other[name]}

    one, other = (Annotation(name=name, path=file) for name, file in files.items())
    first = keys(one, other)
    assert changed(keys(other, one)) == set()
    assert changed(keys(one)) == {"joy"}
    assert changed(keys(replace(one, rows_per_second=25.0), other)) == {"arousal"}
    files["a"].write_text("time,r\n0,1\n1,30\n")
    assert changed(keys(one, other)) == {"arousal"}


def test_a_track_of_features_changes_with_its_file_and_its_entry_alone(tmp_path: Path) -> None:
    plan = make_plan({"pose": Imported(feature="a", dimensions=1), "mfcc": Mfcc()})
    cache = TrackCache(tmp_path / "work")
    (tmp_path / "a.csd").write_bytes(b"1")

    def keys(entry: str) -> dict[str, str]:
        features = (FeatureFile(name="a", path=tmp_path / "a.csd", entry=entry),)
        return cache.keys(plan, cache.source(replace(_recording(tmp_path), features=features), []))

    first, again, other = keys("v"), keys("v"), keys("w")
    (tmp_path / "a.csd").write_bytes(b"22")
    changed = keys("v")
    assert first == again
    assert len({first["pose"], other["pose"], changed["pose"]}) == 3
    assert first["mfcc"] == other["mfcc"] == changed["mfcc"]


def test_the_transcript_of_a_segment_counts_where_there_is_none_of_the_recording(tmp_path: Path) -> None:
    recording = _recording(tmp_path)
    said = tmp_path / "a.wdseg"
    said.write_text("one")
    segment = Segment(id="a", recording="clip", transcript=said)
    with_own = _keys(tmp_path, recording, segment)
    without = _keys(tmp_path, replace(recording, transcript=None), segment)
    said.write_text("two and three")
    assert _keys(tmp_path, recording, segment) == with_own
    changed = _keys(tmp_path, replace(recording, transcript=None), segment)
    assert {name for name in changed if changed[name] != without[name]} == {"words"}


def test_without_media_the_duration_counts_and_all_is_known(tmp_path: Path) -> None:
    recording = Recording(id="clip", duration_seconds=2.0)
    cache = TrackCache(tmp_path / "work")
    info = cache.info(recording)
    assert info.duration_seconds == 2.0 and cache.known_info(recording) == info
    source = cache.known_source(recording, [])
    assert source is not None and source == cache.source(recording, [])
    keys, longer = _keys(tmp_path, recording), _keys(tmp_path, replace(recording, duration_seconds=3.0))
    assert all(keys[name] != longer[name] for name in keys)


def test_what_reads_the_text_of_segments_changes_with_it_alone(tmp_path: Path) -> None:
    plan = make_plan({"words": Words(source="text"), "said": Words()})
    cache = TrackCache(tmp_path / "work")

    def keys(text: str) -> dict[str, str]:
        return cache.keys(plan, cache.source(_recording(tmp_path), [Segment(id="a", recording="clip", text=text)]))

    yes, no = keys("yes"), keys("no")
    assert (yes["words"] == no["words"], yes["said"] == no["said"]) == (False, True)
    (tmp_path / "clip.txt").write_text("other words")
    recording = replace(_recording(tmp_path), transcript=tmp_path / "clip.txt")
    (tmp_path / "clip.txt").write_text("other words")
    changed = cache.keys(plan, cache.source(recording, [Segment(id="a", recording="clip", text="no")]))
    assert (changed["words"] == no["words"], changed["said"] == no["said"]) == (True, False)


def test_a_file_of_its_own_for_the_sound_counts(tmp_path: Path) -> None:
    alone = _recording(tmp_path)
    (tmp_path / "sound.wav").write_bytes(b"first")
    apart = replace(alone, sound=tmp_path / "sound.wav")
    first = _keys(tmp_path, apart)
    (tmp_path / "sound.wav").write_bytes(b"second")
    cache = TrackCache(tmp_path / "work")
    assert cache.known_source(apart, []) is None
    second = _keys(tmp_path, apart)
    assert len({_keys(tmp_path, alone)["mfcc"], first["mfcc"], second["mfcc"]}) == 3
    assert cache.known_source(apart, []) is not None


def test_what_is_known_of_media_holds_as_long_as_both_files_stay(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "a.mp4", Clip())
    sound = make_clip(tmp_path / "a.wav", Clip(frame_times=(), audio_seconds=3.0))
    recording = Recording(id="a", media=video, sound=sound)
    cache = TrackCache(tmp_path / "work")
    assert cache.known_info(recording) is None
    assert cache.info(recording) == cache.known_info(recording)
    make_clip(sound, Clip(frame_times=(), audio_seconds=4.0))
    assert cache.known_info(recording) is None
    assert cache.info(recording).duration_seconds == pytest.approx(4.0)
