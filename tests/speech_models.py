"""Tiny speech models with random weights, saved as hub models are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

RATE = 16_000
_CONVOLUTIONS: Mapping[str, Any] = {"conv_dim": (8,) * 7}
"""Kernels and strides are those of wav2vec2: 400 samples every 320."""
HOP, FIELD = 320, 400
WIDTH, DEPTH = 16, 3
_TRANSFORMER: Mapping[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
_POSITIONS: Mapping[str, Any] = {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
_STABLE: Mapping[str, Any] = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
KINDS = ("wav2vec2-group", "wav2vec2-layer", "hubert", "wavlm", "data2vec-audio", "whisper")


def save_model(folder: Path, kind: str, do_normalize: bool = True, **changes: Any) -> Path:
    """Save a model of one of `KINDS`; ``changes`` go into its configuration."""
    import transformers as hf

    torch.manual_seed(0)
    base = {**_CONVOLUTIONS, **_TRANSFORMER}
    if kind == "whisper":
        sizes = {"encoder_attention_heads": 2, "encoder_ffn_dim": 32, "max_source_positions": 1500, "num_mel_bins": 80}
        decoder = {"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 32, "vocab_size": 60_000}
        config = hf.WhisperConfig(**{"d_model": WIDTH, "encoder_layers": DEPTH, **sizes, **decoder, **changes})
        network: Any = hf.WhisperModel(config)
        hf.WhisperFeatureExtractor().save_pretrained(folder)
    else:
        if kind == "wav2vec2-group":
            network = hf.Wav2Vec2Model(hf.Wav2Vec2Config(**{**base, **_POSITIONS, **changes}))
        elif kind == "wav2vec2-layer":
            network = hf.Wav2Vec2Model(hf.Wav2Vec2Config(**{**base, **_POSITIONS, **_STABLE, **changes}))
        elif kind == "hubert":
            network = hf.HubertModel(hf.HubertConfig(**{**base, **_POSITIONS, **changes}))
        elif kind == "wavlm":
            network = hf.WavLMModel(hf.WavLMConfig(**{**base, **_POSITIONS, **_STABLE, **changes}))
        else:
            positions = {"num_conv_pos_embeddings": 2, "conv_pos_kernel_size": 5, "num_conv_pos_embedding_groups": 2}
            network = hf.Data2VecAudioModel(hf.Data2VecAudioConfig(**{**base, **positions, **changes}))
        hf.Wav2Vec2FeatureExtractor(do_normalize=do_normalize, sampling_rate=RATE).save_pretrained(folder)
    network.save_pretrained(folder)
    return folder
