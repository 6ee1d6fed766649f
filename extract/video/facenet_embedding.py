"""Face embeddings by the InceptionResnetV1 of facenet-pytorch."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError
from ...track import Field, Schema, Track
from ..base import CPU, Execution, FaceExtractor
from ..dry_weights.picture_model import dry_state
from ..face_frames import ROW, FacesInFrames, rows_of_faces
from ..fingerprint import file_digest
from .cropping import Cut, FaceCutter
from .torch_model import Embedder, load_strictly, weight_file

if TYPE_CHECKING:
    from torch.nn import Module

_PICTURE_PIXELS = 160
_DIMENSIONS = 512
_RELEASES = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9"
_FILES = {"vggface2": "20180402-114759-vggface2.pt", "casia-webface": "20180408-102900-casia-webface.pt"}
_WANTED = f"{' or '.join(_FILES.values())} from github.com/timesler/facenet-pytorch/releases"
_CLASSIFIER = ("logits.weight", "logits.bias")
"""In the published files, for the people of the training set; embedding needs it not."""
_MEAN, _DEVIATION = (127.5,) * 3, (128.0,) * 3


@dataclass(frozen=True, kw_only=True)
class FacenetEmbedding(FaceExtractor):
    """facenet-pytorch's 512-d face embedding, of length 1.

    By default a face is cut out as that package's MTCNN does it: the box with margin 0, in whole pixels inside the
    frame, resized to 160 x 160 pixels. Its margin is in pixels of the crop, ``margin_pixels`` in pixels of the frame.
    A pixel x goes in as (x - 127.5) / 128.

    Raises
    ------
    ParameterError
        If a parameter is outside its range, or does not go with ``cut``.

    References
    ----------
    T. Esler, facenet-pytorch, code and weights: https://github.com/timesler/facenet-pytorch; F. Schroff et al.,
    FaceNet, 2015; C. Szegedy et al., Inception-v4, Inception-ResNet, 2016.
    """

    name: ClassVar[str] = "facenet_embedding"
    packages: ClassVar[tuple[str, ...]] = ("facenet_pytorch", "torch", "safetensors", "cv2")

    model: str = ""
    """``vggface2`` or ``casia-webface``, fetched by facenet-pytorch into torch's cache if not there yet; or the path of
    a state dict, of which no pickled code runs."""
    cut: Cut = "box"
    """``box``: the box, both sides resized; ``letterbox``: the box in its proportions, on black; ``landmarks``:
    upright, by the five points."""
    margin: float = 0.0
    """For ``landmarks``: how much more than the template to show, as a fraction of the size on either side."""
    margin_pixels: int = 0
    """For ``box`` and ``letterbox``: pixels of the frame that the box is larger by on either side."""
    half_precision: bool = False
    """On a GPU only: multiply in float16, which is faster and wrong by about 0.0005 of a vector's length (measured with
    random weights, in float16 on a CPU)."""

    def __post_init__(self) -> None:
        self._cutter()

    @property
    def schema(self) -> Schema:
        """``values``: 512 numbers without unit; ``row``: the row of the faces track that it is of."""
        columns = tuple(f"facenet{i}" for i in range(_DIMENSIONS))
        return {"values": Field(shape=(_DIMENSIONS,), columns=columns), "row": ROW}

    def weights(self) -> dict[str, Path]:
        """Return the state dict after reading it once, so that a wrong one is found before anything is decoded."""
        path = self._file()
        _check(path, file_digest(path))
        return {"weights": path}

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with random weights."""
        return replace(self, model=str(dry_state("facenet", "InceptionResnetV1", _untrained, folder)))

    def extract(self, batches: Iterator[FacesInFrames], execution: Execution = CPU) -> Iterator[Track]:
        """Embed the faces batch by batch."""
        path = self.weights()["weights"]
        embedder = _embedder(path, file_digest(path), execution.device, self.half_precision)
        cutter = self._cutter()

        def embed(found: FacesInFrames) -> NDArray[np.float32]:
            return embedder.embed(cutter.cut_all(found.images, found.faces))

        yield from rows_of_faces(batches, self.schema, embed)

    def _file(self) -> Path:
        if self.model in _FILES:
            return _fetched(self.model)
        wanted = f"{_WANTED} (or give the name {' or '.join(_FILES)} to have it fetched)"
        return weight_file(self.model, "model", wanted)

    def _cutter(self) -> FaceCutter:
        return FaceCutter(
            cut=self.cut, size_pixels=_PICTURE_PIXELS, margin=self.margin, margin_pixels=self.margin_pixels
        )


def _fetched(name: str) -> Path:
    """Return one of the published files, from the cache that facenet-pytorch keeps it in, or from the network."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    home = Path(os.environ.get("TORCH_HOME") or caches / "torch").expanduser()
    path = home / "checkpoints" / _FILES[name]
    if path.is_file():
        return path
    from facenet_pytorch.models.utils.download import download_url_to_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        download_url_to_file(f"{_RELEASES}/{_FILES[name]}", str(path), progress=False)
    except Exception as error:  # the network and the disk each raise errors of their own
        raise WeightsError(
            f"{path}: not there and could not be fetched ({type(error).__name__}); get {_FILES[name]} from "
            "github.com/timesler/facenet-pytorch/releases and put it there, or give its path as model"
        ) from None
    return path


@lru_cache(maxsize=4)
def _check(path: Path, content: str) -> None:
    _load(path)


@lru_cache(maxsize=2)
def _embedder(path: Path, content: str, device: str, half_precision: bool) -> Embedder:
    return Embedder(_load(path), _MEAN, _DEVIATION, device, half_precision)


def _load(path: Path) -> "Module":
    network = _untrained()
    load_strictly(network, path, ignored=_CLASSIFIER)
    return network


def _untrained() -> "Module":
    from facenet_pytorch import InceptionResnetV1

    network: Module = InceptionResnetV1()
    return network
