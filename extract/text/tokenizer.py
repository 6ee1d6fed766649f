"""Sub-words: what a model's tokenizer makes of the words of an utterance."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError, one_line

_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spm.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
"""What transformers reads tokenizers from."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Subwords:
    """The sub-words of an utterance with the special tokens that the model wants around them; none of nothing."""

    ids: NDArray[np.int32]
    """Shape (n,): rows of the model's vocabulary."""
    word: NDArray[np.intp]
    """Shape (n,), in rising order: the word that each is of; -1 for the special tokens around them."""


class SubwordTokenizer:
    """A tokenizer that transformers loads, with tokens of one's own added to its vocabulary.

    Raises
    ------
    WeightsError
        If there is none in the folder, or it cannot say where in the text a token is.
    """

    def __init__(self, folder: Path, added_tokens: Sequence[str] = ()) -> None:
        from transformers import AutoTokenizer

        try:
            # Local files only and no remote code: a tokenizer is data.
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:  # transformers and tokenizers raise errors of their own
            raise WeightsError(f"{folder}: not a tokenizer that transformers can load ({one_line(error)})") from None
        if not self._tokenizer.is_fast:
            raise WeightsError(
                f"{folder}: has no fast tokenizer (tokenizer.json), which says where in a text a token is"
            )
        added = [token for token in added_tokens if token not in self._tokenizer.get_vocab()]
        self._tokenizer.add_tokens(added)
        vocabulary = self._tokenizer.get_vocab()
        self.added: list[int] = [vocabulary[token] for token in added]
        probe = self._tokenizer("a", return_special_tokens_mask=True, return_token_type_ids=True)
        special = probe["special_tokens_mask"]
        if all(special):
            raise WeightsError(f"{folder}: its tokenizer keeps nothing of the letter 'a'; expected one for text")
        first, last = special.index(0), len(special) - 1 - special[::-1].index(0)
        self.before: list[int] = probe["input_ids"][:first]
        self.after: list[int] = probe["input_ids"][last + 1 :]
        self._segments: list[int] = probe["token_type_ids"][: first + 1] + probe["token_type_ids"][last + 1 :]

    def __len__(self) -> int:
        return len(self._tokenizer)

    @property
    def padding(self) -> int:
        """Id of the token that fills up batches. Some models count positions by it, so that it has to be theirs."""
        found = self._tokenizer.pad_token_id
        return 0 if found is None else int(found)

    @property
    def longest(self) -> int:
        """Tokens that the model takes at once, special ones included; astronomic where the tokenizer does not know."""
        return int(self._tokenizer.model_max_length)

    def subwords(self, words: Sequence[str]) -> Subwords:
        """Take the words of an utterance apart."""
        # One text, and not word by word: most vocabularies hold the space before a word as a part of it.
        encoded = self._tokenizer(
            " ".join(words), add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        own = encoded["input_ids"]
        if not own:
            return Subwords(ids=np.zeros(0, np.int32), word=np.zeros(0, np.intp))
        ends = np.cumsum([len(word) + 1 for word in words]) - 1
        starts = np.array(encoded["offset_mapping"], np.intp)[:, 0]
        word = np.minimum(np.searchsorted(ends, starts, side="right"), len(words) - 1)
        word = np.maximum.accumulate(word)  # a token that no letter stands for has no place, and goes with the last one
        before, after = np.full(len(self.before), -1), np.full(len(self.after), -1)
        return Subwords(
            ids=np.array([*self.before, *own, *self.after], np.int32), word=np.concatenate([before, word, after])
        )

    def truncated(self, subwords: Subwords, length: int) -> Subwords:
        """Return the first sub-words of an utterance with all its special tokens: ``length`` at most."""
        number = np.arange(len(subwords.ids))
        kept = number[(number < length - len(self.after)) | (number >= len(number) - len(self.after))]
        return Subwords(ids=subwords.ids[kept], word=subwords.word[kept])

    def segments(self, subwords: Subwords) -> NDArray[np.int32]:
        """Return the segment (``token_type_ids``) of every token, as those of one text without a second."""
        if not len(subwords.ids):
            return np.zeros(0, np.int32)
        own = np.full(len(subwords.ids) - len(self.before) - len(self.after), self._segments[len(self.before)])
        before, after = self._segments[: len(self.before)], self._segments[len(self.before) + 1 :]
        return np.concatenate([before, own, after]).astype(np.int32)

    def texts(self, ids: NDArray[np.int32]) -> list[str]:
        """Return the tokens as the vocabulary writes them: ``play``, ``##ing``."""
        return [str(text) for text in self._tokenizer.convert_ids_to_tokens(ids.tolist())]


@lru_cache(maxsize=8)
def load_tokenizer(folder: Path) -> SubwordTokenizer:
    """Return the tokenizer of a model; it is kept for the next recording."""
    return SubwordTokenizer(folder)


def tokenizer_files(folder: Path) -> dict[str, Path]:
    """Return the files of a tokenizer by name.

    Raises
    ------
    WeightsError
        If there are none.
    """
    files = {name: folder / name for name in _FILES if (folder / name).is_file()}
    if not files:
        raise WeightsError(f"{folder}: holds no tokenizer; expected tokenizer.json")
    return files
