"""Stand-ins for encoders of text and their tokenizers."""

import shutil
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..fingerprint import file_digest
from ..text.encoder import encoder_config
from ..text.tokenizer import tokenizer_files
from .files import made_once
from .known_models import TEXT_MODELS, TextArchitecture, known_architecture
from .network import save_random, shrink
from .vocabularies import write_tokenizer

_POSITIONS = 512
_COUNTED_FROM_PADDING = ("roberta", "xlm-roberta", "mpnet")
"""Kinds that count positions from the one after the padding's."""


def text_model_depth(model: str) -> int:
    """Return how many layers the real model has.

    Raises
    ------
    WeightsError
        If it is neither a folder with a configuration nor the name of a model that is known.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return int(encoder_config(folder).num_hidden_layers)
    return known_architecture(model, TEXT_MODELS).depth


def dry_text_model(model: str, depth: int, folder: Path) -> Path:
    """Return the folder of a stand-in of ``depth`` layers; of a model in a folder with the tokenizer that is there.

    Raises
    ------
    WeightsError
        As `text_model_depth`.
    """
    real = Path(model).expanduser()
    if real.is_dir():
        return _of_folder(real, depth, folder)
    architecture = known_architecture(model, TEXT_MODELS)

    def write(made: Path) -> None:
        save_random(_config(architecture, write_tokenizer(architecture.vocabulary, made), depth), made)

    name = model.rstrip("/").rpartition("/")[2]
    return made_once(folder, f"{name}-{depth}".replace(".", "_"), [asdict(architecture), depth], write)


def _of_folder(real: Path, depth: int, folder: Path) -> Path:
    files = tokenizer_files(real) | {"config.json": real / "config.json"}
    config = shrink(deepcopy(encoder_config(real)), depth)

    def write(made: Path) -> None:
        made.mkdir()
        for name, path in files.items():
            shutil.copyfile(path, made / name)
        save_random(config, made)

    parts = [{name: file_digest(path) for name, path in files.items()}, depth]
    return made_once(folder, f"{real.name}-{depth}".replace(".", "_"), parts, write)


def _config(architecture: TextArchitecture, tokens: int, depth: int) -> Any:
    """Return the configuration of a small network of an architecture."""
    from transformers import AutoConfig

    sizes: dict[str, int | None] = {
        "hidden_size": architecture.width,
        "num_hidden_layers": depth,
        "num_attention_heads": architecture.heads,
        "vocab_size": tokens,
    }
    like_roberta = architecture.vocabulary in ("bytes", "pieces")
    first, padding, last = (0, 1, 2) if like_roberta else (None, 0, None)
    sizes |= {"pad_token_id": padding, "bos_token_id": first, "eos_token_id": last}
    if architecture.kind == "modernbert":
        sizes |= {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    else:
        sizes |= {"max_position_embeddings": _POSITIONS + (2 if architecture.kind in _COUNTED_FROM_PADDING else 0)}
    return shrink(AutoConfig.for_model(architecture.kind, **sizes), depth)
