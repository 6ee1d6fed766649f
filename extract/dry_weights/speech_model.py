"""Stand-ins for speech models: frames are those of the real ones, channels and feed-forward layers few."""

import shutil
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..audio.speech_description import FEATURE_FILES, describe, read_config
from ..fingerprint import file_digest
from .files import made_once
from .known_models import SPEECH_MODELS, SpeechArchitecture, known_architecture
from .network import save_random, shrink

_CHANNELS = 32
"""Of every convolution."""
_POSITIONS = 16
"""Frames that the convolution of positions sees, and its groups."""
_TOKENS = 8
"""That Whisper could write, which is not asked."""


def speech_model_depth(model: str) -> int:
    """Return how many transformer layers the real model has.

    Raises
    ------
    WeightsError
        If it is neither a folder with a configuration nor the name of a model that is known.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return describe(folder).depth
    return known_architecture(model, SPEECH_MODELS).depth


def dry_speech_model(model: str, depth: int, folder: Path) -> Path:
    """Return the folder of a stand-in of ``depth`` layers.

    Raises
    ------
    WeightsError
        As `speech_model_depth`.
    """
    real = Path(model).expanduser()
    if real.is_dir():
        return _of_folder(real, depth, folder)
    architecture = known_architecture(model, SPEECH_MODELS)

    def write(made: Path) -> None:
        _features(architecture).save_pretrained(made)
        save_random(_config(architecture, depth), made)

    name = model.rstrip("/").rpartition("/")[2]
    return made_once(folder, f"{name}-{depth}".replace(".", "_"), [asdict(architecture), depth], write)


def _of_folder(real: Path, depth: int, folder: Path) -> Path:
    files = {name: real / name for name in ("config.json", *FEATURE_FILES) if (real / name).is_file()}
    config = _small(deepcopy(read_config(real)), depth)

    def write(made: Path) -> None:
        made.mkdir()
        for name, path in files.items():
            shutil.copyfile(path, made / name)
        save_random(config, made)

    parts = [{name: file_digest(path) for name, path in files.items()}, depth]
    return made_once(folder, f"{real.name}-{depth}".replace(".", "_"), parts, write)


def _config(architecture: SpeechArchitecture, depth: int) -> Any:
    from transformers import AutoConfig, WhisperConfig

    if architecture.kind == "whisper":
        heads = architecture.heads
        whisper = WhisperConfig(
            d_model=architecture.width,
            encoder_attention_heads=heads,
            decoder_attention_heads=heads,
            num_mel_bins=architecture.bands,
        )
        return _small(whisper, depth)
    sizes: dict[str, Any] = {"hidden_size": architecture.width, "num_attention_heads": architecture.heads}
    if architecture.layer_norm:
        sizes |= {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
    return _small(AutoConfig.for_model(architecture.kind, **sizes), depth)


def _small(config: Any, depth: int) -> Any:
    if config.model_type == "whisper":
        config.vocab_size = _TOKENS
        for token in ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"):
            setattr(config, token, 0)
        config.suppress_tokens = config.begin_suppress_tokens = None
    else:
        config.conv_dim = (_CHANNELS,) * len(config.conv_dim)
        config.num_conv_pos_embedding_groups = _POSITIONS
        # data2vec has a stack of small convolutions for the positions instead of a large one.
        if config.model_type != "data2vec-audio":
            config.num_conv_pos_embeddings = _POSITIONS
    return shrink(config, depth)


def _features(architecture: SpeechArchitecture) -> Any:
    import transformers as hf

    if architecture.kind == "whisper":
        return hf.WhisperFeatureExtractor(feature_size=architecture.bands)  # type: ignore[no-untyped-call]
    return hf.Wav2Vec2FeatureExtractor(do_normalize=architecture.do_normalize)  # type: ignore[no-untyped-call]
