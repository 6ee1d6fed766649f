"""Word vectors that know no context: GloVe and word2vec."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError
from ...track import Field, Schema, Track, empty_track
from ..base import CPU, Execution, TrackExtractor
from ..dry_weights.word_vectors import dry_word_vectors
from .subwords import words_without
from .vector_file import VectorFile, open_vectors, vector_dimensions


@dataclass(frozen=True, kw_only=True)
class WordVectors(TrackExtractor):
    """Every word's row of a file of vectors. A row has the time of its word."""

    name: ClassVar[str] = "word_vectors"
    needs: ClassVar[tuple[str, ...]] = ("words",)

    vectors_file: str = ""
    """Path of GloVe's or word2vec's text, or of word2vec's binary (``.bin``); each also as ``.gz``."""
    case: Literal["as-is", "lower", "fallback"] = "as-is"
    """How a word is looked up: ``as-is``, in ``lower`` case, or as it is and only then in lower case (``fallback``)."""
    unknown: Literal["skip", "zero", "unk"] = "skip"
    """What a word becomes that the file lacks: ``skip``: no row, but a gap; ``zero``; ``unk``: the file's row of
    ``<unk>``, or the mean of all its rows."""
    words: str = "words"
    """The track of words."""

    @property
    def schema(self) -> Schema:
        """``values``: the vector; ``row``: of the words track; ``known``: whether the file has the word."""
        dimensions = vector_dimensions(self._path())
        columns = tuple(f"vector{i}" for i in range(dimensions))
        return {
            "values": Field(shape=(dimensions,), columns=columns),
            "row": Field(dtype="int64"),
            "known": Field(dtype="bool"),
        }

    def weights(self) -> dict[str, Path]:
        """Return the file after reading it once, so that a wrong one is found before anything is decoded."""
        path = self._path()
        open_vectors(path)
        return {"vectors": path}

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with a few thousand common English words, whose vectors follow from the word."""
        return replace(self, vectors_file=str(dry_word_vectors(self.vectors_file, folder)))

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Look the words up."""
        words = tracks["words"]
        if not len(words):
            return empty_track(self.schema, words.gaps)
        file = open_vectors(self._path())
        texts, occurrence = np.unique(words.fields["text"], return_inverse=True)
        vectors = [self._vector(file, str(text)) for text in texts]
        known = np.array([vector is not None for vector in vectors])
        filling = file.of_unknown_words if self.unknown == "unk" and not known.all() else np.zeros(1, np.float32)
        table = np.zeros((len(texts), *self.schema["values"].shape), np.float32)
        for number, vector in enumerate(vectors):
            table[number] = filling if vector is None else vector
        is_known = known[occurrence]
        kept = np.flatnonzero(is_known | (self.unknown != "skip"))
        lost = np.flatnonzero(~is_known & (self.unknown == "skip"))
        fields: dict[str, NDArray[np.generic]] = {
            "values": table[occurrence[kept]],
            "row": kept,
            "known": is_known[kept],
        }
        gaps = (*words.gaps, *words_without(words, lost, "'{}' has no vector"))
        return Track(schema=self.schema, times=words.times[kept], fields=fields, gaps=gaps)

    def _vector(self, file: VectorFile, word: str) -> NDArray[np.float32] | None:
        spellings = {"as-is": [word], "lower": [word.lower()], "fallback": [word, word.lower()]}[self.case]
        found = (file.vector(spelling.encode()) for spelling in spellings)
        return next((vector for vector in found if vector is not None), None)

    def _path(self) -> Path:
        if not self.vectors_file:
            raise WeightsError(
                "vectors_file is not given; get GloVe (https://nlp.stanford.edu/projects/glove) or word2vec vectors "
                "and give the path of the file"
            )
        path = Path(self.vectors_file).expanduser()
        if not path.is_file():
            raise WeightsError(f"{path}: no such file; expected word vectors as GloVe or word2vec writes them")
        return path
