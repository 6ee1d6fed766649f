import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.audio.speech_frames import FrameGrid, chunks

WAV2VEC2 = FrameGrid.of_convolutions(16_000, (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))
WHISPER = FrameGrid(rate=16_000, hop=320, field=1040, first=-520)


def test_frames_of_wav2vec2_are_25_ms_every_20_ms() -> None:
    assert (WAV2VEC2.hop, WAV2VEC2.field, WAV2VEC2.first) == (320, 400, 0)
    times = WAV2VEC2.times(0, 3, 1.5, 9.0)
    np.testing.assert_allclose(times, 1.5 + np.array([[0, 0.025], [0.02, 0.045], [0.04, 0.065]]))


def test_frames_of_whisper_are_cut_off_at_the_ends_of_the_sound() -> None:
    times = WHISPER.times(0, 3, 1.0, 1.06)
    np.testing.assert_allclose(times, 1 + np.array([[0, 0.0325], [0, 0.0525], [0.0075, 0.06]]))


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (399, 0), (400, 1), (719, 1), (720, 2), (16_000, 49)])
def test_frames_without_padding_lie_in_the_sound(samples: int, frames: int) -> None:
    assert WAV2VEC2.count(samples) == frames


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (1, 1), (320, 1), (321, 2), (480_000, 1500)])
def test_frames_with_padding_have_their_middle_in_the_sound(samples: int, frames: int) -> None:
    assert WHISPER.count(samples) == frames


@pytest.mark.parametrize("grid", [WAV2VEC2, WHISPER], ids=["wav2vec2", "whisper"])
@given(start=st.integers(0, 50), frames=st.integers(1, 50))
def test_samples_of_frames_make_just_these(grid: FrameGrid, start: int, frames: int) -> None:
    part = grid.samples(start, start + frames)
    assert grid.count(part.stop - part.start) == frames
    assert part.start == start * grid.hop


@pytest.mark.parametrize("grid", [WAV2VEC2, WHISPER], ids=["wav2vec2", "whisper"])
@given(first=st.floats(0, 4), length=st.floats(0, 3), start_seconds=st.floats(0, 2))
def test_frames_within_a_span_have_their_middle_in_it(
    grid: FrameGrid, first: float, length: float, start_seconds: float
) -> None:
    span = np.array([[first, first + length]])
    ((low, high),) = grid.within(span, start_seconds, 150)
    middles = start_seconds + (np.arange(150) * grid.hop + grid.first + grid.field / 2) / grid.rate
    inside = (span[0, 0] <= middles + 1e-6) & (middles - 1e-6 < span[0, 1])
    outside = (span[0, 0] > middles + 1e-6) | (middles - 1e-6 >= span[0, 1])
    taken = (np.arange(150) >= low) & (np.arange(150) < high)
    assert not (taken & outside).any()
    assert (taken | ~inside | (np.abs(middles - span[0, 0]) < 2e-6) | (np.abs(middles - span[0, 1]) < 2e-6)).all()


def test_spans_outside_the_sound_have_no_frames() -> None:
    found = WAV2VEC2.within(np.array([[-3.0, -1.0], [0.0, 0.01], [7.0, 8.0]]), 0.0, 100)
    assert (found[:, 0] == found[:, 1]).all()


@given(frames=st.integers(0, 2000), room=st.integers(1, 300), context=st.integers(0, 100))
def test_chunks_keep_every_frame_once_and_fit(frames: int, room: int, context: int) -> None:
    room += 2 * context
    found = chunks(frames, room, context)
    kept = [frame for chunk in found for frame in range(chunk.first, chunk.last)]
    assert kept == list(range(frames))
    for chunk in found:
        assert chunk.stop - chunk.start <= room
        assert chunk.start == (0 if len(found) == 1 else max(0, chunk.first - context))
        assert chunk.stop == (frames if len(found) == 1 else min(frames, chunk.last + context))
    own = [chunk.last - chunk.first for chunk in found]
    assert not own or max(own) - min(own) <= 1
