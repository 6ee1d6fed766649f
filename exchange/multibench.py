"""The affect files of MultiBench: a pickle of arrays padded on the left to 50 rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from ..store import FeatureStore
from .base import Exporter, new_file
from .padding import Padding, padded
from .pickle_stream import write_pickle
from .selection import check_one_timeline, in_each_split, number_label, row_counts, vector_length
from .stream import text_array

_VISION_COLUMNS = 35
"""What a widely used fork of its loader keeps of the first array."""


@dataclass(frozen=True, kw_only=True)
class MultiBench(Exporter):
    """``{train, valid, test} -> {vision, audio, text, labels, id}``, zeros on the left, the last rows kept.

    The loader takes the padding away again: everything before the first row of text that is not zero or, of what is
    not aligned, before each array's own first such row. Segments without one, at which it stops, are left out.

    References
    ----------
    https://github.com/pliang279/MultiBench, ``datasets/affect/get_data.py``
    """

    name: ClassVar[str] = "multibench"

    text: str
    """The output that becomes ``text``."""
    audio: str
    """The output that becomes ``audio``."""
    vision: str
    """The output that becomes ``vision``."""
    label: str
    """The label that becomes ``labels``."""
    aligned: bool = True
    """Whether the outputs are to be on one timeline."""
    length: int = 50
    """Rows to which all are padded and cut."""
    train: str = "train"
    """The store's split that becomes ``train``; ``a+b``: several."""
    valid: str = "valid"
    """The split that becomes ``valid``."""
    test: str = "test"
    """The split that becomes ``test``."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the pickle; see `Exporter`."""
        outputs = {"vision": self.vision, "audio": self.audio, "text": self.text}
        columns = {key: vector_length(store, output) for key, output in outputs.items()}
        if self.aligned:
            check_one_timeline(store, outputs.values())
        labels = number_label(store, self.label).astype(np.float32)
        splits, notes = in_each_split(store, {"train": self.train, "valid": self.valid, "test": self.test})
        padding = Padding(length=self.length, side="left", keep="last")
        readable = {name: self._readable(store, segments) for name, segments in splits.items()}
        for name, segments in readable.items():
            if not len(segments):
                raise StoreError(f"{store.path}: split '{name}' has no segment with text; expected rows that are not 0")
        ids = text_array(store.segments["id"])
        # The loader takes the first key for vision.
        content = {
            name: {key: padded(store, output, segments, padding) for key, output in outputs.items()}
            | {"labels": labels[segments].reshape(-1, 1, 1), "id": ids[segments]}
            for name, segments in readable.items()
        }
        with new_file(path) as temporary, open(temporary, "wb") as file:
            write_pickle(file, content)
        if lost := sum(map(len, splits.values())) - sum(map(len, readable.values())):
            what = "text is" if self.aligned else "text, audio or vision is"
            notes.append(f"{lost} segments whose {what} all zero are left out, as the loader cannot read them")
        kept = np.concatenate(list(readable.values()))
        longest = np.max([row_counts(store, output)[kept] for output in outputs.values()], axis=0)
        if cut := int((longest > self.length).sum()):
            notes.append(f"{cut} segments have more than {self.length} rows, the first are cut off")
        if columns["vision"] > _VISION_COLUMNS:
            notes.append(f"vision has {columns['vision']} columns; some loaders keep the first {_VISION_COLUMNS}")
        return notes

    def _readable(self, store: FeatureStore, segments: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the segments that are not zero throughout where the loader looks for the first row."""
        looked_at = [self.text] if self.aligned else [self.text, self.audio, self.vision]

        def has_rows(segment: int) -> bool:
            return all(store.rows(output, segment).values[-self.length :].any() for output in looked_at)

        return segments[[has_rows(int(segment)) for segment in segments]]
