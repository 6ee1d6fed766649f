import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.text.alignment.timed_words import Stretch, TimedWord, fitness, pcm, spread


def _word(start: float, end: float, confidence: float = 1.0) -> TimedWord:
    return TimedWord(text="w", start=start, end=end, confidence=confidence, origin="aligned")


@given(
    known=st.lists(st.booleans(), min_size=1, max_size=12),
    edges=st.lists(st.floats(0, 100), min_size=24, max_size=24),
)
def test_spread_keeps_order_bounds_and_every_word(known: list[bool], edges: list[float]) -> None:
    edges = sorted(edges)
    tokens = [f"w{'x' * number}" for number in range(len(known))]
    found = [
        TimedWord(text=token, start=edges[2 * i], end=edges[2 * i + 1], confidence=1.0, origin="aligned")
        if known[i]
        else None
        for i, token in enumerate(tokens)
    ]
    words = spread(tokens, found, 0.0, 100.0)
    assert [word.text for word in words] == tokens
    times = np.array([(word.start, word.end) for word in words])
    assert (times[:, 0] <= times[:, 1]).all()
    assert (times[1:, 0] >= times[:-1, 1] - 1e-9).all()
    assert times.min() >= 0
    assert times.max() <= 100


def test_fitness_is_the_mean_confidence_times_the_share_that_is_placed() -> None:
    assert fitness([_word(0, 1, 0.5), _word(1, 2, 0.125), None, None]) == pytest.approx(0.125)
    assert fitness([None]) == fitness([]) == 0
    assert fitness([_word(0, 1, 0.0)]) < 1e-9


def test_samples_beyond_full_scale_are_clipped() -> None:
    samples = np.array([-2.0, -1.0, 0.0, 1.0, 2.0], np.float32)
    assert np.frombuffer(pcm(samples), "<i2").tolist() == [-32768, -32767, 0, 32767, 32767]


def test_a_stretch_ends_with_its_last_sample() -> None:
    stretch = Stretch(tokens=["a"], samples=np.zeros(8_000, np.float32), start_seconds=1.0)
    assert stretch.end_seconds == 1.5
