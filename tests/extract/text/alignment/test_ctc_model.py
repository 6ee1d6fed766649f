import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from recognition_models import save_ctc

from trimodal.errors import WeightsError
from trimodal.extract.text.alignment import ctc_model
from trimodal.extract.text.alignment.ctc_model import CtcModel

pytestmark = pytest.mark.usefixtures("one_thread")
TOKENS = (0, 5, 9, 30)
E_ACUTE = "\N{LATIN SMALL LETTER E WITH ACUTE}"
NI, HAO = "\N{CJK UNIFIED IDEOGRAPH-4F60}", "\N{CJK UNIFIED IDEOGRAPH-597D}"


def _sound(samples: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> CtcModel:
    return CtcModel(save_ctc(tmp_path_factory.mktemp("english") / "model"), "cpu")


def test_scores_are_those_of_transformers_relative_to_the_likeliest_token(english: CtcModel, tmp_path: Path) -> None:
    from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

    folder = save_ctc(tmp_path / "same")
    sound = _sound(48 * 320 + 400)
    values = Wav2Vec2FeatureExtractor()(sound, sampling_rate=16_000, return_tensors="pt").input_values
    with torch.inference_mode():
        posteriors = Wav2Vec2ForCTC.from_pretrained(folder).eval()(values).logits[0].log_softmax(dim=1).numpy()
    expected = posteriors[:, TOKENS] - posteriors.max(axis=1, keepdims=True)
    (scores,) = english.scores([sound], [TOKENS])
    np.testing.assert_allclose(scores, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "norm"),
    [
        ("wav2vec2", "group"),
        ("wav2vec2", "layer"),
        ("hubert", "group"),
        ("wavlm", "layer"),
        ("data2vec-audio", "layer"),
    ],
)
def test_many_sounds_at_once_give_what_each_alone_gives(kind: str, norm: str, tmp_path: Path) -> None:
    model = CtcModel(save_ctc(tmp_path / kind, kind, feat_extract_norm=norm), "cpu")
    # The third has as many frames as the first, and samples that none of them saw.
    sounds = [_sound(16_000, 0), _sound(8_000, 1), _sound(16_079, 2), _sound(399, 3), _sound(400, 4), _sound(16_000, 5)]
    together = model.scores(sounds, [TOKENS] * len(sounds))
    assert [len(scores) for scores in together] == [49, 24, 49, 0, 1, 49]
    for sound, scores in zip(sounds, together, strict=True):
        (alone,) = model.scores([sound], [TOKENS])
        np.testing.assert_allclose(scores, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "norm", "batches"),
    [("wav2vec2", "layer", 1), ("wavlm", "layer", 1), ("wav2vec2", "group", 20), ("data2vec-audio", "layer", 20)],
)
def test_sounds_of_any_length_go_together_where_padding_changes_nothing(
    kind: str, norm: str, batches: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = CtcModel(save_ctc(tmp_path / kind, kind, feat_extract_norm=norm), "cpu")
    passes: list[int] = []
    logits = model._logits
    monkeypatch.setattr(model, "_logits", lambda sounds: passes.append(len(sounds)) or logits(sounds))
    sounds = [_sound(4_000 + 1_000 * number, number) for number in range(20)]
    together = model.scores(sounds, [TOKENS] * 20)
    assert (len(passes), sum(passes)) == (batches, 20)
    for sound, scores in zip(sounds, together, strict=True):
        (alone,) = model.scores([sound], [TOKENS])
        np.testing.assert_allclose(scores, alone, atol=1e-4)
    passes.clear()
    model.scores([_sound(16_000 * 4, number) for number in range(20)], [TOKENS] * 20)
    assert max(passes) == 7, "of four seconds seven are less than thirty"


def test_frames_are_where_their_samples_are(english: CtcModel) -> None:
    # 400 samples to see, 320 from frame to frame: the middle of what frame 0 saw is 12.5 ms, of frame 1 32.5 ms.
    assert english.seconds(0) == pytest.approx(0.0025)
    assert english.seconds(0.5) == pytest.approx(0.0125)
    assert english.seconds(1.5) == pytest.approx(0.0325)


def test_frame_times_follow_the_convolutions(tmp_path: Path) -> None:
    layers = {"conv_kernel": (4, 3), "conv_stride": (2, 3), "conv_dim": (16, 16), "num_feat_extract_layers": 2}
    model = CtcModel(save_ctc(tmp_path / "model", **layers), "cpu")
    # A frame sees 3 outputs of the first layer, 2 samples apart, the last of them 4 samples long.
    assert model.seconds(0.5) == pytest.approx(4 / 16_000)
    assert model.seconds(1.5) - model.seconds(0.5) == pytest.approx(6 / 16_000)
    assert [len(scores) for scores in model.scores([_sound(n) for n in (7, 8, 13, 14)], [TOKENS] * 4)] == [0, 1, 1, 2]


def test_long_sounds_in_chunks_give_what_one_chunk_gives(tone_ctc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = CtcModel(tone_ctc, "cpu")
    sound = _sound(16_000 * 12)
    (whole,) = model.scores([sound], [(0, 5)])
    monkeypatch.setattr(ctc_model, "_CHUNK_SECONDS", 5.0)
    monkeypatch.setattr(ctc_model, "_CONTEXT_SECONDS", 1.0)
    (stitched,) = model.scores([sound], [(0, 5)])
    assert stitched.shape == whole.shape
    # The network sees other surroundings, so its numbers are near, not the same.
    assert np.abs(stitched - whole).mean() < 0.05 * whole.std()


@pytest.mark.parametrize(
    ("word", "spelled"),
    [
        ("hello", "hello"),
        ("Hello,", "hello"),
        ("DON\N{RIGHT SINGLE QUOTATION MARK}T", "don't"),
        ("E\N{COMBINING ACUTE ACCENT}lan", "elan"),
        (f"{E_ACUTE}t{E_ACUTE}", "ete"),
        ("Stra\N{LATIN SMALL LETTER SHARP S}e", "strasse"),
        ("\N{LATIN SMALL LIGATURE FI}n", "fin"),
        ("--", ""),
        (NI, ""),
        ("4th", ""),
    ],
)
def test_words_are_spelled_in_the_models_alphabet(english: CtcModel, word: str, spelled: str) -> None:
    names = {number: token for token, number in english.tokenizer.get_vocab().items()}
    assert "".join(names[token] for token in english.spell(word)) == spelled


def test_spelling_keeps_what_the_vocabulary_has(tmp_path: Path) -> None:
    model = CtcModel(save_ctc(tmp_path / "model", letters=f"AEBa{E_ACUTE.upper()}4{NI}{HAO}"), "cpu")
    names = {number: token for token, number in model.tokenizer.get_vocab().items()}
    for word, spelled in [(f"ab{E_ACUTE}", f"aB{E_ACUTE.upper()}"), ("4e", "4E"), (f"{NI}{HAO}!", f"{NI}{HAO}")]:
        assert "".join(names[token] for token in model.spell(word)) == spelled


def test_refuses_models_that_cannot_be_used(tmp_path: Path) -> None:
    adapted = save_ctc(tmp_path / "adapted", add_adapter=True)
    with pytest.raises(WeightsError, match="'wav2vec2' has no plain convolutional encoder; expected wav2vec2 or alike"):
        CtcModel(adapted, "cpu")
    phones = save_ctc(tmp_path / "phones", letters="")
    (phones / "vocab.json").write_text(json.dumps({"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4}))
    with pytest.raises(WeightsError, match="its vocabulary has no single characters; expected a model that spells"):
        CtcModel(phones, "cpu")
