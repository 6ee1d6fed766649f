"""What is known of a speech model before its weights are read: its kind, its size, its frames."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import WeightsError, one_line
from ..weights import model_files
from .speech_frames import FrameGrid

_CONVOLUTIONAL = ("wav2vec2", "hubert", "wavlm", "data2vec-audio")
"""Types whose frames come straight from convolutions over the samples."""
_WHISPER = "whisper"
FEATURE_FILES = ("preprocessor_config.json", "processor_config.json")
_LARGEST = 1 << 16
"""Of anything that makes a network large; real ones stay below a quarter."""


@dataclass(frozen=True, kw_only=True)
class SpeechDescription:
    """A speech model in a folder."""

    folder: Path
    is_whisper: bool
    depth: int
    """Number of transformer layers."""
    width: int
    """Numbers in a hidden state."""
    grid: FrameGrid
    longest_seconds: float
    """Sound that it takes at once."""


def model_and_feature_files(folder: Path) -> dict[str, Path]:
    """Return the files of a model that decide its numbers, by name.

    Raises
    ------
    WeightsError
        If there are no weights among them.
    """
    return model_files(folder) | {name: folder / name for name in FEATURE_FILES if (folder / name).is_file()}


@lru_cache(maxsize=16)
def describe(folder: Path) -> SpeechDescription:
    """Read the configuration of a model.

    Raises
    ------
    WeightsError
        If the folder holds none, one of another kind, or one that cannot be.
    """
    config = read_config(folder)
    if config.model_type == _WHISPER:
        return _whisper(folder, config)
    if config.model_type in _CONVOLUTIONAL:
        return _convolutional(folder, config)
    known = ", ".join((*_CONVOLUTIONAL, _WHISPER))
    raise WeightsError(f"{folder}: a model of the type '{config.model_type}'; expected a speech model: {known}")


def read_config(folder: Path) -> Any:
    """Return the configuration of a model.

    Raises
    ------
    WeightsError
        If there is none that transformers can load.
    """
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a damaged file raises whatever transformers stumbles over
        raise WeightsError(f"{folder}: not a model that transformers can load ({one_line(error)})") from None


def read_features(folder: Path, kind: str) -> Any:
    """Return the feature extractor of a folder: what is done to samples before they go into the network.

    Raises
    ------
    WeightsError
        If there is none, or not one of the class ``kind``.
    """
    from transformers import AutoFeatureExtractor

    try:
        # Local files only and no remote code: weights are data.
        features = AutoFeatureExtractor.from_pretrained(  # type: ignore[no-untyped-call]
            folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # a damaged file raises whatever transformers stumbles over
        raise WeightsError(
            f"{folder}: no feature extractor that transformers can load ({one_line(error)}); "
            f"expected {FEATURE_FILES[0]} beside the weights"
        ) from None
    if type(features).__name__ != kind:
        raise WeightsError(f"{folder}: has a {type(features).__name__}; expected a {kind} for this type of model")
    return features


def _convolutional(folder: Path, config: Any) -> SpeechDescription:
    _check_sizes(
        folder,
        *(config.hidden_size, config.num_hidden_layers, config.intermediate_size, config.num_attention_heads),
        *(config.num_conv_pos_embeddings, getattr(config, "conv_pos_kernel_size", 1)),
        *(*config.conv_kernel, *config.conv_stride, *config.conv_dim),
    )
    if getattr(config, "add_adapter", False):
        raise WeightsError(f"{folder}: its adapter joins frames; expected a model without one")
    rate = read_features(folder, "Wav2Vec2FeatureExtractor").sampling_rate
    _check_sizes(folder, rate)
    return SpeechDescription(
        folder=folder,
        is_whisper=False,
        depth=config.num_hidden_layers,
        width=config.hidden_size,
        grid=FrameGrid.of_convolutions(rate, config.conv_kernel, config.conv_stride),
        longest_seconds=float("inf"),
    )


def _whisper(folder: Path, config: Any) -> SpeechDescription:
    features = read_features(folder, "WhisperFeatureExtractor")
    sizes = (config.d_model, config.encoder_layers, config.encoder_ffn_dim, config.encoder_attention_heads)
    _check_sizes(folder, *sizes, config.max_source_positions, features.hop_length, features.n_fft)
    _check_sizes(folder, features.sampling_rate)
    if (features.nb_max_frames, features.feature_size) != (2 * config.max_source_positions, config.num_mel_bins):
        raise WeightsError(
            f"{folder}: its feature extractor makes {features.nb_max_frames} frames of {features.feature_size} bands; "
            f"its network takes {2 * config.max_source_positions} of {config.num_mel_bins}"
        )
    # Spectra are centred, one every hop; two convolutions of three, the second with stride 2, see two on either side.
    hop = 2 * features.hop_length
    reach = hop + features.n_fft // 2
    return SpeechDescription(
        folder=folder,
        is_whisper=True,
        depth=config.encoder_layers,
        width=config.d_model,
        grid=FrameGrid(rate=features.sampling_rate, hop=hop, field=2 * reach, first=-reach),
        longest_seconds=features.n_samples / features.sampling_rate,
    )


def _check_sizes(folder: Path, *sizes: object) -> None:
    for size in sizes:
        if not isinstance(size, int) or not 1 <= size <= _LARGEST:
            raise WeightsError(f"{folder}: its configuration has the size {size!r:.40}; expected 1 to {_LARGEST}")
