"""The text files of CM-BERT: a table of text and label."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..store import FeatureStore
from .base import Exporter, new_file
from .selection import in_split_or_all, number_label


@dataclass(frozen=True, kw_only=True)
class CmBert(Exporter):
    """A header ``text<TAB>label`` and a line for every segment of a split, its text in capitals."""

    name: ClassVar[str] = "cm-bert"

    label: str
    """The label."""
    split: str = ""
    """The split to write, ``a+b``: several; all segments where it is not given."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the table; see `Exporter`."""
        segments = in_split_or_all(store, self.split)
        labels = number_label(store, self.label)[segments]
        texts = [" ".join(text.split()).upper() for text in store.segments["text"].iloc[segments]]
        with new_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write("text\tlabel\n")
            file.writelines(f"{text}\t{label!r}\n" for text, label in zip(texts, labels.tolist(), strict=True))
        empty = sum(not text for text in texts)
        return [f"{empty} segments have no text"] if empty else []
