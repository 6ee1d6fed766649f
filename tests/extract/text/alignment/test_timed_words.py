import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.text.alignment.timed_words import Stretch, TimedWord, fitness, pcm, share


def _word(start: float, end: float, confidence: float = 1.0) -> TimedWord:
    return TimedWord(text="w", start=start, end=end, confidence=confidence, origin="aligned")


@given(
    tokens=st.lists(st.sampled_from(["a", "bb", "ccc", "dddddd"]), max_size=12),
    edges=st.tuples(st.floats(0, 100), st.floats(0, 100)).map(sorted),
)
def test_words_share_a_stretch_from_its_start_to_its_end(tokens: list[str], edges: list[float]) -> None:
    words = share(tokens, *edges)
    assert [word.text for word in words] == tokens
    times = np.array([(word.start, word.end) for word in words]).reshape(-1, 2)
    assert (times[:, 0] <= times[:, 1]).all()
    np.testing.assert_array_equal(times[1:, 0], times[:-1, 1])
    if tokens:
        assert (times[0, 0], times[-1, 1]) == tuple(edges)


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
