from pathlib import Path
from typing import Any

import numpy as np
import pytest
from speech_models import KINDS, save_model

from trimodal.extract.audio.speech_description import read_config
from trimodal.extract.audio.speech_embedding import SpeechEmbedding
from trimodal.extract.audio.speech_model import SpeechModel
from trimodal.extract.fingerprint import weight_digests
from trimodal.media import Audio
from trimodal.track import concatenate
from trimodal.windows import Windows

NOISE = Audio(
    samples=np.random.default_rng(0).normal(0.0, 0.1, 16_000).astype(np.float32), rate=16_000, start_seconds=0.0
)


@pytest.mark.parametrize(
    ("name", "width", "norm"),
    [
        ("facebook/wav2vec2-base-960h", 768, "group"),
        ("facebook/wav2vec2-large-960h", 1024, "group"),
        ("facebook/wav2vec2-large-960h-lv60-self", 1024, "layer"),
        ("microsoft/wavlm-base-plus", 768, "group"),
        ("microsoft/wavlm-large", 1024, "layer"),
        ("facebook/hubert-base-ls960", 768, "group"),
        ("facebook/data2vec-audio-base-960h", 768, None),
        ("openai/whisper-tiny", 384, None),
    ],
)
def test_states_have_width_and_frames_of_the_real_model(
    name: str, width: int, norm: str | None, tmp_path: Path
) -> None:
    dry = SpeechModel(model=name).with_dry_weights(tmp_path)
    assert getattr(read_config(Path(dry.model)), "feat_extract_norm", None) == norm
    assert dry.schema["values"].columns == tuple(f"hidden{i}" for i in range(width))
    track = concatenate(dry.schema, list(dry.extract(NOISE)))
    assert track.values.shape == (50 if "whisper" in name else 49, width)
    assert np.isfinite(track.values).all() and track.values.std(axis=0).min() > 0
    assert weight_digests(dry) == weight_digests(SpeechModel(model=name).with_dry_weights(tmp_path / "other"))


def test_layers_side_by_side_keep_their_names(tmp_path: Path) -> None:
    dry = SpeechModel(model="wavlm-base", layers=(2, -10)).with_dry_weights(tmp_path)
    columns = dry.schema["values"].columns
    assert (columns[0], columns[768], len(columns)) == ("layer2_hidden0", "layer3_hidden0", 1536)
    mean: dict[str, Any] = {
        "layers": (0, -4, -3, -2, -1),
        "combine": "mean",
        "windows": Windows(length_seconds=0.5, hop_seconds=0.5),
    }
    dry_mean = SpeechEmbedding(model="wavlm-base", **mean).with_dry_weights(tmp_path)
    assert dry_mean.layers == (0, 1, 2, 3, 4)
    assert dry_mean.describe().depth == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_tells_its_architecture(kind: str, tmp_path: Path) -> None:
    real = SpeechModel(model=str(save_model(tmp_path / "real", kind)), layers=-1)
    dry = real.with_dry_weights(tmp_path / "dry")
    assert dry.schema == real.schema
    found, expected = (concatenate(one.schema, list(one.extract(NOISE))) for one in (dry, real))
    np.testing.assert_array_equal(found.times, expected.times)
