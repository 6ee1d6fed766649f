from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import ParameterError
from trimodal.media import Sampling
from trimodal.media.sampling import Sampler, Shown


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"every": 2, "fps": 5.0}, "'every' or 'fps', found both"),
        ({"every": 0}, "'every' must be at least 1, found 0"),
        ({"fps": 0.0}, "'fps' must be positive, found 0.0"),
        ({"fps": -1.0}, "'fps' must be positive, found -1.0"),
        ({"fps": float("inf")}, "'fps' must be positive, found inf"),
        ({"fps": float("nan")}, "'fps' must be positive, found nan"),
    ],
)
def test_wrong_sampling(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Sampling(**parameters)


def take(shown: list[Shown], sampling: Sampling, rate: float | None) -> list[Shown]:
    sampler = Sampler(sampling, 1 / rate if rate else 0.0)
    taken = [*(sampler.take(one) for one in shown), sampler.last()]
    return [one for one in taken if one is not None]


def sampled(milliseconds: list[int], sampling: Sampling, rate: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the intervals of all frames, which last for ``milliseconds``, and those of the sampled ones."""
    edges = np.concatenate([[0], np.cumsum(milliseconds)]) / 1000
    shown = [Shown(start, end, frame=None) for start, end in pairwise(edges)]  # type: ignore[arg-type]
    taken = take(shown, sampling, rate)
    pairs = np.array([(frame.start, frame.end) for frame in taken])
    return np.stack([edges[:-1], edges[1:]], axis=1), pairs


durations = st.lists(st.integers(1, 700), min_size=1, max_size=60)
rates = st.none() | st.floats(1, 240)


@given(durations, st.floats(0.2, 500), rates)
def test_rate_sampling_takes_at_most_that_rate(milliseconds: list[int], fps: float, rate: float | None) -> None:
    frames, taken = sampled(milliseconds, Sampling(fps=fps), rate)
    assert set(taken[:, 0]) <= set(frames[:, 0])
    assert taken[0, 0] == frames[0, 0]
    assert (np.diff(taken[:, 0]) > 0).all()
    assert (taken[:-1, 1] <= taken[1:, 0]).all() and taken[-1, 1] <= frames[-1, 1]
    longest = 1.5 * max(1 / fps, 1 / rate if rate else 0.0)
    assert (taken[:, 1] > taken[:, 0]).all() and (taken[:, 1] - taken[:, 0] <= longest + 1e-9).all()
    assert len(taken) <= (taken[-1, 0] - taken[0, 0]) * fps + 2


@given(durations, rates)
def test_rate_sampling_keeps_all_frames_of_a_slower_video(milliseconds: list[int], rate: float | None) -> None:
    frames, taken = sampled(milliseconds, Sampling(fps=1000 / min(milliseconds) * 1.001), rate)
    np.testing.assert_array_equal(taken[:, 0], frames[:, 0])


@given(durations, st.integers(1, 20), rates)
def test_every_nth_takes_exactly_those(milliseconds: list[int], every: int, rate: float | None) -> None:
    frames, taken = sampled(milliseconds, Sampling(every=every), rate)
    np.testing.assert_array_equal(taken[:, 0], frames[::every, 0])
    longest = 1.5 * every / rate if rate else float("inf")
    until = np.append(taken[1:, 0], frames[-1, 1])
    np.testing.assert_allclose(taken[:, 1], np.minimum(until, taken[:, 0] + longest))


@given(st.floats(5, 120), st.integers(1, 400), st.data())
def test_jitter_neither_drops_nor_doubles(rate: float, count: int, data: st.DataObject) -> None:
    jitter = data.draw(st.lists(st.floats(-0.45, 0.45), min_size=count, max_size=count))
    starts = np.maximum(np.arange(count) + np.array([0.0, *jitter[1:]]), 0) / rate
    shown = [Shown(start, start + 1 / rate, frame=None) for start in starts]  # type: ignore[arg-type]
    taken = take(shown, Sampling(fps=rate), rate)
    assert len(taken) == count
