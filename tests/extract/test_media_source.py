"""One recording's media by the clock that its corpus gives."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import Clip, beep_onset, frame_number, make_clip, numbered_frame

from trimodal.corpus import Recording, Segment
from trimodal.extract.cache import TrackCache
from trimodal.extract.media_source import MediaSource
from trimodal.media import AudioSelection, Frames, Sampling, probe
from trimodal.media.clock import Adjustment, Remap, SetStart, Shift, Stream

CLIP = Clip(audio_codec="aac", audio_start_seconds=0.5, lost_audio=(1.2, 1.5), options={"bf": "2"})
"""Frames from 0 s to 2 s, 25 a second; sound from 0.5 s to 2.5 s with a hole at 1.7 s, and a beep at 1 s."""
STRETCH = Remap(points=((0.0, 1.0), (1.0, 1.5), (2.0, 3.5)))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("media_source")
    (folder / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,000\nyes\n\n2\n00:00:01,500 --> 00:00:02,000\nno\n")
    return Recording(id="a", media=make_clip(folder / "a.mp4", CLIP), transcript=folder / "a.srt")


def adjusted(recording: Recording, folder: Path, **clock: Adjustment) -> MediaSource:
    streams: dict[str, Stream] = {"audio": "audio", "video": "video", "transcript": "transcript"}
    by_stream = {streams[name]: adjustment for name, adjustment in clock.items()}
    return MediaSource(replace(recording, clock=by_stream), [], folder)


def numbers_and_starts(batches: list[Frames]) -> tuple[list[int], np.ndarray]:
    numbers = [frame_number(pixels) for batch in batches for pixels in batch.pixels]
    return numbers, np.concatenate([batch.times for batch in batches])


@pytest.mark.parametrize(
    ("clock", "expected"),
    [(Shift(seconds=-0.75), 0.25), (SetStart(seconds=3.0), 3.5), (Remap(points=((0.0, 0.0), (1.0, 1.1))), 1.1)],
)
def test_the_beep_is_where_the_clock_of_the_sound_has_it(
    clock: Adjustment, expected: float, recording: Recording, tmp_path: Path
) -> None:
    source = adjusted(recording, tmp_path, audio=clock)
    audio = source.audio(AudioSelection())
    assert audio is not None and source.info.audio_start_seconds == pytest.approx(audio.start_seconds)
    # The packet that primes the sound is where the file has it, at 0.436 s; the first one counts.
    lead = 1_024 / 16_000 if isinstance(clock, SetStart) else 0.0
    assert beep_onset(audio.samples, audio.rate, audio.start_seconds) == pytest.approx(expected + lead, abs=1e-3)
    native = MediaSource(recording, [], tmp_path).audio(AudioSelection())
    assert native is not None
    assert native.start_seconds == pytest.approx(0.5 - 1_024 / 16_000, abs=1e-3)
    assert len(audio.gaps) == len(native.gaps) == 1
    assert np.abs(audio.between(audio.gaps[0].start_seconds, audio.gaps[0].end_seconds).samples).max() < 1e-3
    assert next(source.frames(Sampling())).times[0, 0] == 0.0


@pytest.mark.parametrize("clock", [Shift(seconds=2.5), SetStart(seconds=-1.0), STRETCH])
def test_frames_are_where_the_clock_of_the_video_has_them(
    clock: Adjustment, recording: Recording, tmp_path: Path
) -> None:
    source = adjusted(recording, tmp_path, video=clock)
    offset = {Shift: 2.5, SetStart: -1.0}.get(type(clock), 0.0)
    native = np.arange(51) / 25
    edges = clock.apply(native) if isinstance(clock, Remap) else native + offset
    numbers, times = numbers_and_starts(list(source.frames(Sampling())))
    assert numbers == list(range(50))
    np.testing.assert_allclose(times, np.stack([edges[:-1], edges[1:]], axis=1), atol=1e-6)
    some = times[[0, 7, 30, 49], 0]
    assert numbers_and_starts(list(source.frames(Sampling(), only=some)))[0] == [0, 7, 30, 49]
    sampled = [frames for _, frames in source.samplings([Sampling(every=10)])]
    assert numbers_and_starts(sampled)[0] == [0, 10, 20, 30, 40]
    np.testing.assert_allclose(numbers_and_starts(sampled)[1][:, 0], edges[:-1:10], atol=1e-6)
    assert source.info.duration_seconds == pytest.approx(max(2.5, edges[-1]), abs=0.1)
    audio = source.audio(AudioSelection())
    assert audio is not None and beep_onset(audio.samples, audio.rate, audio.start_seconds) == pytest.approx(
        1, abs=1e-3
    )


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        (Shift(seconds=-1.0), [(-0.5, 0.0), (0.5, 1.0)]),
        (SetStart(seconds=0.125), [(0.125, 0.625), (1.125, 1.625)]),
        (STRETCH, [(1.25, 1.5), (2.5, 3.5)]),
    ],
)
def test_the_transcript_has_a_clock_too(
    clock: Adjustment, expected: list[tuple[float, float]], recording: Recording, tmp_path: Path
) -> None:
    said = adjusted(recording, tmp_path, transcript=clock).utterances
    assert said is not None
    assert [(one.start_seconds, one.end_seconds) for one in said] == expected


def test_the_text_of_segments_is_on_the_clock_already(recording: Recording, tmp_path: Path) -> None:
    segments = [Segment(id="s", recording="a", start_seconds=0.5, end_seconds=1.0, text="yes")]
    spoken = replace(recording, transcript=None, clock={"audio": Shift(seconds=1.0)})
    (said,) = MediaSource(spoken, segments, tmp_path).utterances or ()
    assert (said.start_seconds, said.end_seconds) == (0.5, 1.0)


def test_what_is_not_there_is_not_adjusted(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("yes no")
    silent = make_clip(tmp_path / "a.mkv", Clip(audio_start_seconds=None))
    clock: dict[Stream, Adjustment] = {"audio": SetStart(seconds=9.0), "transcript": SetStart(seconds=9.0)}
    untimed = Recording(id="a", media=silent, transcript=tmp_path / "a.txt", clock=clock)
    source = MediaSource(untimed, [], tmp_path)
    assert source.audio(AudioSelection()) is None
    assert source.info == source.file_info
    assert [one.start_seconds for one in source.utterances or ()] == [None]


def test_pictures_have_a_clock(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / "pictures" / f"{number}.png"), numbered_frame(number))
    recording = Recording(
        id="a", media=tmp_path / "pictures", frames_per_second=2.0, clock={"video": Shift(seconds=0.25)}
    )
    numbers, times = numbers_and_starts(list(MediaSource(recording, [], tmp_path).frames(Sampling())))
    assert numbers == [0, 1, 2]
    np.testing.assert_allclose(times, [[0.25, 0.75], [0.75, 1.25], [1.25, 1.75]])


def test_a_transcript_of_a_segment_counts_from_its_start(recording: Recording, tmp_path: Path) -> None:
    spoken = tmp_path / "b.wdseg"
    spoken.write_text("SFrm  EFrm    SegAScr Word\n\t    0     9          1 <s>\n\t   10    29          1 YES\n")
    (tmp_path / "c.txt").write_text("and so on")
    segments = [
        Segment(id="a", recording="a", start_seconds=0.0, end_seconds=0.5, text="well", speaker="Z"),
        Segment(id="b", recording="a", start_seconds=0.5, end_seconds=1.0, text="no", speaker="Z", transcript=spoken),
        Segment(id="c", recording="a", start_seconds=1.0, end_seconds=1.5, speaker="Y", transcript=tmp_path / "c.txt"),
        Segment(id="d", recording="a", start_seconds=1.5, end_seconds=2.0),
    ]
    found = MediaSource(replace(recording, transcript=None), segments, tmp_path).utterances
    assert found is not None
    assert [(one.text, one.start_seconds, one.end_seconds, one.speaker) for one in found] == [
        ("well", 0.0, 0.5, "Z"),
        ("YES", pytest.approx(0.6), pytest.approx(0.8), "Z"),
        ("and so on", 1.0, 1.5, "Y"),
    ]
    assert [(word.text, word.start_seconds, word.end_seconds) for word in found[1].words] == [
        ("YES", pytest.approx(0.6), pytest.approx(0.8)),
    ]
    of_recording = MediaSource(recording, segments, tmp_path).utterances
    assert of_recording is not None and [one.text for one in of_recording] == ["yes", "no"]


def test_a_recording_without_media_lasts_as_long_as_is_said_and_has_neither_sound_nor_frames(tmp_path: Path) -> None:
    (tmp_path / "a.stm").write_text("a A Z 0.0 1.0 <o> yes\nb A Z 0.0 1.0 <o> no\n")
    recording = Recording(
        id="b", duration_seconds=2.5, transcript=tmp_path / "a.stm", clock={"audio": Shift(seconds=1)}
    )
    source = MediaSource(recording, [], tmp_path)
    assert (source.info.duration_seconds, source.has_video) == (2.5, False)
    assert source.audio(AudioSelection()) is None
    assert list(source.frames(Sampling())) == list(source.samplings([Sampling()])) == []
    assert source.utterances is not None and [one.text for one in source.utterances] == ["no"]


def test_the_text_of_segments_is_there_beside_their_transcripts(recording: Recording, tmp_path: Path) -> None:
    segments = [
        Segment(id="a", recording="a", start_seconds=0.0, end_seconds=0.5, text="well", transcript=tmp_path / "no.srt"),
        Segment(id="b", recording="a", start_seconds=0.5, end_seconds=1.0),
    ]
    (said,) = MediaSource(recording, segments, tmp_path).texts or ()
    assert (said.text, said.start_seconds, said.end_seconds) == ("well", 0.0, 0.5)
    assert MediaSource(recording, segments[1:], tmp_path).texts is None


def test_the_text_of_an_open_segment_lasts_to_the_end_of_the_recording(tmp_path: Path) -> None:
    recording = Recording(id="r", duration_seconds=9.0)
    segments = [
        Segment(id="a", recording="r", text="all"),
        Segment(id="b", recording="r", start_seconds=2.0, text="rest"),
        Segment(id="c", recording="r", start_seconds=2.0, end_seconds=3.0, text="part"),
    ]
    said = MediaSource(recording, segments, tmp_path).texts or ()
    found = [(one.segment, one.start_seconds, one.end_seconds) for one in said]
    assert found == [("a", 0.0, 9.0), ("b", 2.0, 9.0), ("c", 2.0, 3.0)]
    (alone,) = MediaSource(recording, segments[:1], tmp_path).texts or ()
    assert (alone.start_seconds, alone.end_seconds) == (None, None)


TURNS = "SPEAKER r 1 0.0 2.0 <NA> <NA> ann <NA> <NA>\nSPEAKER r 1 2.0 2.0 <NA> <NA> bob <NA> <NA>\n"


def test_turns_give_speakers_to_what_has_none(tmp_path: Path) -> None:
    (tmp_path / "r.rttm").write_text(TURNS)
    (tmp_path / "r.vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:01.500\nyes\n\n00:01.900 --> 00:04.000\nno\n\n00:02.000 --> 00:04.000\n<v Cy>so\n"
    )
    recording = Recording(
        id="r",
        duration_seconds=9.0,
        transcript=tmp_path / "r.vtt",
        turns=tmp_path / "r.rttm",
        clock={"transcript": Shift(seconds=3.0)},
    )
    said = MediaSource(recording, [], tmp_path).utterances or ()
    assert [(one.text, one.start_seconds, one.speaker) for one in said] == [
        ("yes", 3.0, "ann"),
        ("no", 4.9, "bob"),
        ("so", 5.0, "Cy"),
    ]
    texts = replace(recording, transcript=None, clock={})
    segment = Segment(id="s", recording="r", start_seconds=2.5, end_seconds=3.0, text="well")
    for found in (MediaSource(texts, [segment], tmp_path).utterances, MediaSource(texts, [segment], tmp_path).texts):
        assert [one.speaker for one in found or ()] == ["bob"]


def test_other_turns_make_other_words(tmp_path: Path) -> None:
    (tmp_path / "r.rttm").write_text(TURNS)
    recording = Recording(id="r", duration_seconds=9.0, turns=tmp_path / "r.rttm")
    segments = [Segment(id="s", recording="r", end_seconds=1.0, text="well")]
    before = TrackCache(tmp_path).source(recording, segments)
    (tmp_path / "r.rttm").write_text(TURNS.replace("ann", "eve"))
    after = TrackCache(tmp_path).source(recording, segments)
    assert before.transcript_digest != after.transcript_digest
    assert before.text_digest != after.text_digest


def test_sound_in_a_file_of_its_own_counts_instead_of_the_medias(recording: Recording, tmp_path: Path) -> None:
    sound = make_clip(tmp_path / "a.wav", Clip(frame_times=(), audio_seconds=3.0, beep_seconds=2.25))
    apart = replace(recording, transcript=None, sound=sound)
    source = MediaSource(apart, [], tmp_path)
    audio = source.audio(AudioSelection())
    assert audio is not None
    assert beep_onset(audio.samples, audio.rate, audio.start_seconds) == pytest.approx(2.25, abs=1e-3)
    assert (source.info.audio_start_seconds, source.info.duration_seconds) == (0.0, pytest.approx(3.0))
    assert numbers_and_starts(list(source.frames(Sampling())))[0] == list(range(50))
    later = MediaSource(replace(apart, clock={"audio": Shift(seconds=0.5)}), [], tmp_path).audio(AudioSelection())
    assert later is not None and later.start_seconds == 0.5
    silent = make_clip(tmp_path / "b.mp4", replace(CLIP, audio_start_seconds=None))
    assert MediaSource(replace(apart, media=silent), [], tmp_path).info.duration_seconds == pytest.approx(3.0)
    short = make_clip(tmp_path / "b.wav", Clip(frame_times=(), audio_seconds=1.0))
    assert MediaSource(replace(apart, sound=short), [], tmp_path).info.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert recording.media is not None and probe(recording.media).duration_seconds > 2.4  # its own sound is longer
