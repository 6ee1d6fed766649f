"""Stand-ins for files of word vectors: a few thousand common English words, and what each has follows from it."""

import hashlib
import re
from pathlib import Path

import numpy as np

from ...errors import WeightsError
from ..text.vector_file import vector_dimensions
from .files import made_once
from .vocabularies import common_words

_DIMENSIONS = re.compile(r"(?<![0-9])([0-9]{2,4})d(?![a-z0-9])|(?<![a-z])d([0-9]{2,4})|negative([0-9]{2,4})", re.I)
"""In names of files: glove.840B.300d.txt, tencent-ailab-embedding-zh-d200.txt, GoogleNews-vectors-negative300.bin."""


def dry_word_vectors(vectors_file: str, folder: Path) -> Path:
    """Return a file with as many numbers a word as the real one has, or says in its name.

    Raises
    ------
    WeightsError
        If neither says how many.
    """
    dimensions = _dimensions(vectors_file)

    def write(made: Path) -> None:
        with open(made, "w", encoding="utf-8") as file:
            for word in common_words():
                file.write(f"{word} {' '.join(f'{value:.4f}' for value in _vector(word, dimensions))}\n")

    return made_once(folder, f"word-vectors-{dimensions}.txt", dimensions, write)


def _vector(word: str, dimensions: int) -> list[float]:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return [float(value) for value in np.random.default_rng(seed).normal(0.0, 0.4, dimensions)]


def _dimensions(vectors_file: str) -> int:
    path = Path(vectors_file).expanduser()
    if path.is_file():
        return vector_dimensions(path)
    found = _DIMENSIONS.search(path.name)
    if found is None:
        raise WeightsError(
            f"'{vectors_file}': no such file, and its name does not say how many numbers a word has; "
            "expected one as glove.840B.300d.txt for a stand-in"
        )
    return int(next(group for group in found.groups() if group))
