"""The utterance features of Poria et al. (2017): one vector an utterance, one row a video."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..errors import StoreError
from ..store import FeatureStore
from .base import Exporter, new_file
from .pickle_stream import write_pickle
from .selection import by_recording, in_each_split, number_label, row_counts, vector_length


@dataclass(frozen=True, kw_only=True)
class Poria(Exporter):
    """A tuple: train data (videos, utterances, D), train labels, test data, test labels, utterances, lengths of both.

    Each modality is a file of its own. Utterances of a video stand by their start, behind them zeros.
    """

    name: ClassVar[str] = "poria"

    output: str
    """An output of one row a segment (timeline ``segment``)."""
    label: str
    """A label of whole numbers: classes."""
    train: str = "train"
    """The store's split that becomes the first half; ``a+b``: several."""
    test: str = "test"
    """The split that becomes the second half."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the pickle; see `Exporter`."""
        columns = vector_length(store, self.output)
        if (rows := row_counts(store, self.output)).max(initial=0) > 1:
            segment = store.segments["id"].iloc[int(np.argmax(rows))]
            raise StoreError(
                f"{store.path}: output '{self.output}' has {rows.max()} rows in segment '{segment}'; "
                "expected one (in a recipe: timeline: segment)"
            )
        labels = number_label(store, self.label)
        if (odd := labels != np.rint(labels)).any():
            raise StoreError(
                f"{store.path}: label '{self.label}' is {labels[odd][0]:g}; "
                "expected whole numbers (in a recipe: rule: positive)"
            )
        splits, notes = in_each_split(store, {"train": self.train, "test": self.test})
        halves = [[video for _, video in by_recording(store, segments)] for segments in splits.values()]
        longest = max(len(video) for videos in halves for video in videos)
        content: list[Any] = []
        for videos in halves:
            data = np.zeros((len(videos), longest, columns))
            classes = np.zeros((len(videos), longest), np.int64)
            for row, video in enumerate(videos):
                classes[row, : len(video)] = labels[video]
                for utterance, segment in enumerate(video):
                    for values in store.rows(self.output, int(segment)).values:  # one, or none
                        data[row, utterance] = values
            content += [data, classes]
        lengths = [[len(video) for video in videos] for videos in halves]
        with new_file(path) as temporary, open(temporary, "wb") as file:
            write_pickle(file, (*content, longest, *lengths))
        return notes
