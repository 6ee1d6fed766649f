from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import extracted, make_audio, speech

from trimodal.extract.audio.rms import Rms


@pytest.mark.parametrize("centred", [False, True])
def test_equals_librosa_on_speech(media: Path, centred: bool) -> None:
    audio = speech(media)
    expected = librosa.feature.rms(y=np.array(audio.samples), frame_length=400, hop_length=160, center=centred)
    np.testing.assert_allclose(extracted(Rms(centred=centred), audio).values, expected.T, rtol=1e-5, atol=1e-8)


def test_full_scale_is_one_and_silence_zero() -> None:
    samples = np.concatenate([np.zeros(1600), np.ones(1600)])
    values = extracted(Rms(window_seconds=0.01), make_audio(samples)).values[:, 0]
    np.testing.assert_array_equal(values, [0.0] * 10 + [1.0] * 10)
