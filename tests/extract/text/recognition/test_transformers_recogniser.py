from pathlib import Path

import numpy as np
import pytest
from recognition_models import save_whisper, tones

from trimodal.errors import WeightsError
from trimodal.extract.text.recognition.transformers_recogniser import TransformersRecogniser

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_ctc_model_spells_what_it_hears(tone_ctc: Path) -> None:
    text = " abcd dab bad "
    seconds = np.random.default_rng(3).uniform(0.1, 0.2, len(text))
    edges = np.cumsum([0, *seconds])
    words = TransformersRecogniser(str(tone_ctc), "cpu").words(tones(text, seconds), 10.0)
    assert [word.text for word in words] == text.split()
    found = [(word.start, word.end) for word in words]
    np.testing.assert_allclose(found, 10 + edges[[[1, 5], [6, 9], [10, 13]]], atol=0.04)
    assert all(word.origin == "recognised" and 0.5 < word.confidence <= 1 for word in words)


@pytest.mark.parametrize("samples", [0, 399])
def test_less_than_a_frame_holds_no_words(tone_ctc: Path, samples: int) -> None:
    assert TransformersRecogniser(str(tone_ctc), "cpu").words(np.zeros(samples, np.float32), 0.0) == []


def test_refuses_models_that_do_not_fit(tmp_path: Path) -> None:
    whisper = save_whisper(tmp_path / "whisper", alignment_heads=())
    with pytest.raises(WeightsError, match=r"generation_config\.json lacks alignment_heads, which give words"):
        TransformersRecogniser(str(whisper), "cpu")
    (whisper / "config.json").write_text('{"model_type": "no-such-type"}')
    with pytest.raises(WeightsError, match=r"not a model that transformers can load \(.*no-such-type"):
        TransformersRecogniser(str(whisper), "cpu")
