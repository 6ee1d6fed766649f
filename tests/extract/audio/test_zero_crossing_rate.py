from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import extracted, make_audio, speech

from trimodal.extract.audio.zero_crossing_rate import ZeroCrossingRate


@pytest.mark.parametrize("centred", [False, True])
def test_equals_librosa_on_speech(media: Path, centred: bool) -> None:
    audio = speech(media)
    expected = librosa.feature.zero_crossing_rate(
        np.array(audio.samples), frame_length=400, hop_length=160, center=centred
    )
    np.testing.assert_array_equal(extracted(ZeroCrossingRate(centred=centred), audio).values, expected.T.astype("f4"))


def test_a_tone_crosses_zero_twice_a_period() -> None:
    tone = np.sin(2 * np.pi * 500 * np.arange(8000) / 16_000 + 0.1)
    values = extracted(ZeroCrossingRate(), make_audio(tone)).values
    np.testing.assert_allclose(values, 2 * 500 / 16_000, atol=1 / 400)
