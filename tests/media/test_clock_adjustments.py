"""Times that a corpus adjusts on purpose: what the verbs mean, and what becomes of media, tracks and stores."""

from pathlib import Path

import numpy as np
import pytest
from clips import Clip, make_clip
from hypothesis import given
from hypothesis import strategies as st

from trimodal.corpus import read_corpus
from trimodal.errors import ParameterError
from trimodal.media import Audio, Utterance, Word, probe
from trimodal.media.adjusted import adjusted_audio, adjusted_info, adjusted_utterances, first_time
from trimodal.media.clock import Adjustment, Remap, SetStart, Shift, clock_map, parse_adjustment
from trimodal.pipeline import RunReport, run
from trimodal.recipe import parse_recipe
from trimodal.store import FeatureStore
from trimodal.track import Gap

RATE = 16_000
MS = 1e-3
DRIFT = Remap(points=((0.0, 0.5), (20.0, 20.52), (40.0, 40.47), (60.0, 60.5)))
"""A clock that starts half a second late, is slow by 0.1 %, then fast by 0.25 %, then slow by 0.15 %."""

seconds = st.floats(-1e4, 1e4, allow_nan=False)


@st.composite
def remaps(draw: st.DrawFn) -> Remap:
    steps = draw(st.lists(st.tuples(st.floats(0.01, 1e3), st.floats(0.2, 5.0)), min_size=1, max_size=8))
    points = [(draw(seconds), draw(seconds))]
    for step, slope in steps:
        points.append((points[-1][0] + step, points[-1][1] + step * slope))
    return Remap(points=tuple(points))


@given(remaps(), st.lists(seconds, min_size=2, max_size=50))
def test_a_remap_rises_goes_through_its_points_and_can_be_undone(clock: Remap, times: list[float]) -> None:
    native, adjusted = np.array(clock.points).T
    np.testing.assert_allclose(clock.apply(native), adjusted, atol=1e-9)
    ordered = np.sort(np.array(times))
    mapped = clock.apply(ordered)
    assert (np.diff(mapped) >= 0).all()
    np.testing.assert_allclose(clock.inverse().apply(mapped), ordered, atol=1e-6)


def test_beyond_the_points_the_outer_slopes_go_on() -> None:
    clock = Remap(points=((10.0, 10.0), (20.0, 25.0), (30.0, 30.0)))
    found = clock.apply(np.array([[0.0, 9.0], [20.0, 40.0]]))
    np.testing.assert_allclose(found, [[-5.0, 8.5], [25.0, 35.0]])


@given(seconds, seconds, st.lists(seconds, min_size=1, max_size=20))
def test_set_puts_the_first_time_where_it_is_told(first: float, wanted: float, times: list[float]) -> None:
    clock = clock_map(SetStart(seconds=wanted), first)
    np.testing.assert_allclose(clock.apply(np.array([first])), wanted, atol=1e-9)
    np.testing.assert_allclose(np.diff(clock.apply(np.array(times))), np.diff(times), atol=1e-9)


@given(st.one_of(seconds.map(lambda at: Shift(seconds=at)), seconds.map(lambda at: SetStart(seconds=at)), remaps()))
def test_what_is_written_is_what_is_read(adjustment: Adjustment) -> None:
    assert parse_adjustment(str(adjustment)) == adjustment


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected 'shift SECONDS', 'set SECONDS' or 'remap FROM:TO FROM:TO ...'"),
        ("0.5", "expected 'shift SECONDS'"),
        ("Shift 0.5", "expected 'shift SECONDS'"),
        ("shift", "expected 'shift SECONDS'"),
        ("set 1 2", "expected 'shift SECONDS'"),
        ("shift 0,5", "expected seconds, found '0,5'"),
        ("set nan", "expected seconds from -1e6 to 1e6, found nan"),
        ("shift inf", "expected seconds from -1e6 to 1e6, found inf"),
        ("shift 2e6", "expected seconds from -1e6 to 1e6, found 2000000.0"),
        ("remap", "remap has 0 points; expected two or more"),
        ("remap 0:0", "remap has 1 points; expected two or more"),
        ("remap 0:0 1", "remap has the point '1'; expected FROM:TO in seconds"),
        ("remap 0:0 1:", "expected seconds, found ''"),
        ("remap 0:0 1:1:1", "expected seconds, found '1:1'"),
        ("remap 0:0 nan:1", "expected seconds from -1e6 to 1e6, found nan"),
        ("remap 0:0 2:2 1:3", "remap does not rise from 2:2 to 1:3; expected both times to rise by 1 ms"),
        ("remap 0:0 2:2 3:2", "remap does not rise from 2:2 to 3:2; expected both times to rise by 1 ms"),
        ("remap 0:0 0.0009:1", "remap does not rise from 0:0 to 0.0009:1; expected both times to rise by 1 ms"),
        ("remap 0:0 1:11", "remap changes the speed more than tenfold from 0:0 to 1:11; expected clocks that drift"),
        ("remap 0:0 11:1", "remap changes the speed more than tenfold from 0:0 to 11:1"),
    ],
)
def test_what_is_no_adjustment(text: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message.replace(".", r"\.")):
        parse_adjustment(text)


def beeps(native: np.ndarray, length_seconds: float, start_seconds: float) -> Audio:
    """Return sound with short beeps at native times."""
    samples = np.zeros(round(length_seconds * RATE), np.float32)
    tone = 0.5 * np.cos(2 * np.pi * 1000 * np.arange(800) / RATE)
    for at in native:
        first = round((at - start_seconds) * RATE)
        samples[first : first + 800] = tone[: len(samples) - first]
    return Audio(samples=samples, rate=RATE, start_seconds=start_seconds)


def onsets(audio: Audio) -> np.ndarray:
    """Return when beeps start that are a second apart."""
    loud = np.flatnonzero(np.abs(audio.samples) > 0.1)
    return audio.start_seconds + loud[np.diff(loud, prepend=-RATE) > RATE / 4] / RATE


@pytest.mark.parametrize(
    "clock",
    [
        DRIFT,
        Remap(points=((0.0, 0.0), (1.0, 1.0001))),
        Remap(points=((-5.0, 0.0), (30.0, 17.5), (31.0, 19.5))),
        Remap(points=tuple((float(n), n + 0.01 * (n % 2)) for n in range(70))),
        Remap(points=((100.0, 100.0), (200.0, 199.0))),
    ],
)
@pytest.mark.parametrize("start", [0.0, 1.23456])
def test_beeps_along_a_clip_whose_clock_drifts(clock: Remap, start: float, tmp_path: Path) -> None:
    native = start + 0.5 + np.arange(64)
    audio = adjusted_audio(beeps(native, 64.0, start), clock, tmp_path)
    found = onsets(audio)
    np.testing.assert_allclose(found, clock.apply(native), atol=MS)
    assert audio.start_seconds == pytest.approx(float(clock.apply(np.array(start))), abs=1e-9)
    assert audio.end_seconds == pytest.approx(float(clock.apply(np.array(start + 64.0))), abs=1 / RATE)
    assert audio.samples.dtype == np.float32 and list(tmp_path.iterdir()) == []


def test_an_hour_has_no_more_error_than_a_minute(tmp_path: Path) -> None:
    clock = Remap(points=((0.0, 0.0), (3600.0, 3600.6543)))
    native = np.array([0.5, 1000.5, 1800.25, 3599.5])
    found = onsets(adjusted_audio(beeps(native, 3600.0, 0.0), clock, tmp_path))
    np.testing.assert_allclose(found, clock.apply(native), atol=0.1 * MS)


def test_where_two_pieces_meet_the_sound_has_no_edge() -> None:
    hertz, native = 200.0, np.arange(60 * RATE) / RATE
    tone = Audio(samples=np.sin(2 * np.pi * hertz * native).astype(np.float32), rate=RATE, start_seconds=0.0)
    audio = adjusted_audio(tone, DRIFT)
    times = audio.start_seconds + np.arange(len(audio.samples)) / RATE
    expected = np.sin(2 * np.pi * hertz * DRIFT.inverse().apply(times))
    inside = slice(100, -100)
    half_a_sample = 2 * np.pi * hertz * 0.5 / RATE
    np.testing.assert_allclose(audio.samples[inside], expected[inside], atol=half_a_sample + 0.01)


def test_gaps_of_sound_are_adjusted_and_samples_that_are_shifted_stay() -> None:
    gap = Gap(start_seconds=1.0, end_seconds=2.0, reason="no audio that decodes")
    audio = Audio(samples=np.ones(RATE * 3, np.float32), rate=RATE, start_seconds=0.25, gaps=(gap,))
    shifted = adjusted_audio(audio, Shift(seconds=-1.5))
    assert shifted.samples is audio.samples
    assert shifted.start_seconds == -1.25
    assert shifted.gaps == (Gap(start_seconds=-0.5, end_seconds=0.5, reason="no audio that decodes"),)
    stretched = adjusted_audio(audio, Remap(points=((0.0, 0.0), (1.0, 2.0))))
    assert (stretched.gaps[0].start_seconds, stretched.gaps[0].end_seconds) == (2.0, 4.0)
    assert stretched.samples.mean() == pytest.approx(1.0, abs=0.01)


def test_sound_of_no_length() -> None:
    audio = Audio(samples=np.zeros(0, np.float32), rate=RATE, start_seconds=1.0)
    assert len(adjusted_audio(audio, DRIFT).samples) == 0


def test_a_transcript_follows_with_its_words() -> None:
    words = (Word(text="a", start_seconds=1.0, end_seconds=1.5), Word(text="b"))
    said = (Utterance(text="a b", end_seconds=3.0, words=words), Utterance(text="c", start_seconds=3.0))
    assert first_time(said) == 1.0
    first, second = adjusted_utterances(said, clock_map(SetStart(seconds=0.25), 1.0))
    assert first == Utterance(
        text="a b", end_seconds=2.25, words=(Word(text="a", start_seconds=0.25, end_seconds=0.75), Word(text="b"))
    )
    assert (second.start_seconds, second.end_seconds) == (2.25, None)
    assert first_time((Utterance(text="a"),)) is None


def test_the_recording_lasts_as_long_as_its_later_stream(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "a.mp4", Clip(audio_codec="aac")))
    later = Shift(seconds=1.5)
    assert adjusted_info(info, None, None) is info
    assert adjusted_info(info, later, None).duration_seconds == pytest.approx(3.5, abs=0.07)
    assert adjusted_info(info, None, Shift(seconds=-1.0)).duration_seconds == pytest.approx(2.0, abs=0.07)
    both = adjusted_info(info, later, Remap(points=((0.0, 0.0), (1.0, 2.0))))
    assert (both.audio_start_seconds, both.video_start_seconds, both.video_end_seconds) == pytest.approx((1.5, 0, 4))
    assert both.duration_seconds == pytest.approx(4.0)
    assert adjusted_info(info, Shift(seconds=-9.0), Shift(seconds=-9.0)).duration_seconds == 0.0


def test_a_header_without_ends(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "a.mkv", Clip(audio_start_seconds=None)))
    assert info.video_end_seconds is None
    assert adjusted_info(info, None, Shift(seconds=0.5)).duration_seconds == pytest.approx(info.duration_seconds + 0.5)


RECIPE = parse_recipe(
    """
    tracks:
      frames: {extractor: frame_crop, size_pixels: 48, colour: grey, sampling: {every: 10}}
      rms: {hop_seconds: 0.01, window_seconds: 0.01}
      words: {}
      segments: {}
    align:
      frames: {tracks: [frames], timeline: none}
      sound: {tracks: [rms], timeline: none}
    """,
    "clock.yaml",
)


def run_with(folder: Path, columns: str, cells: str) -> RunReport:
    (folder / "manifest.csv").write_text(f"media,transcript{columns}\na.mkv,a.srt{cells}\n")
    return run(read_corpus(folder), RECIPE, folder / "a.store")


def test_from_a_manifest_to_a_store_and_on(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mkv", Clip())
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,000\nyes\n")
    assert set(run_with(tmp_path, "", "").extraction.recordings[0].extracted) == {"frames", "rms", "words", "segments"}
    plain = FeatureStore(tmp_path / "a.store")
    assert set(plain.provenance[0]["sources"]["a"]) == {"media", "transcript"}

    of_video = run_with(tmp_path, ",video_clock", ",shift 0.25")
    assert of_video.written
    assert set(of_video.extraction.recordings[0].extracted) == {"frames", "segments"}
    of_both = run_with(tmp_path, ",video_clock,audio_clock", ",shift 0.25,remap 0:0 1:1.5")
    assert set(of_both.extraction.recordings[0].extracted) == {"rms", "words", "segments"}
    store = FeatureStore(tmp_path / "a.store")
    sources = store.provenance[0]["sources"]["a"]
    assert (sources["video_clock"], sources["audio_clock"]) == ("shift 0.25", "remap 0.0:0.0 1.0:1.5")
    np.testing.assert_allclose(store.rows("frames", 0).times[:, 0], 0.25 + 0.4 * np.arange(5), atol=1e-6)
    sound = store.rows("sound", 0)
    loud = sound.times[sound.values[:, 0] > 0.2]
    assert (loud[0, 0], loud[-1, 1]) == pytest.approx((1.5, 1.65), abs=0.0101)
    assert store.segments["end"].tolist() == pytest.approx([3.0])
    assert not run_with(tmp_path, ",video_clock,audio_clock", ",shift 0.25,remap 0:0 1:1.5").written
    assert run_with(tmp_path, "", "").extraction.recordings[0].extracted == ()


def test_a_track_of_nothing_does_not_depend_on_the_clock_of_other_streams(tmp_path: Path) -> None:
    recipe = parse_recipe("tracks: {mfcc: {}}\nalign: {sound: {tracks: [mfcc], timeline: none}}", "mfcc.yaml")
    make_clip(tmp_path / "a.mkv", Clip(audio_start_seconds=None))
    for cells, extracted in (("", ("mfcc",)), ("shift 5", ())):
        (tmp_path / "manifest.csv").write_text(f"media,video_clock\na.mkv,{cells}\n")
        report = run(read_corpus(tmp_path), recipe, tmp_path / "a.store")
        assert report.extraction.recordings[0].extracted == extracted
        store = FeatureStore(tmp_path / "a.store")
        (gap,) = store.gaps.to_dict("records")
        assert (gap["reason"], gap["start"], gap["end"]) == ("no audio", 0.0, pytest.approx(2.0))
    assert store.segments["end"].tolist() == pytest.approx([7.0])
