"""The feature files of MMSA and CH-SIMS: a pickle of padded arrays for train, valid and test."""

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
from .selection import check_one_timeline, in_each_split, number_label, output_schema, row_counts, vector_length
from .stream import ArrayStream, text_array

_CLASSES = ("Negative", "Neutral", "Positive")
_MODALITIES = ("text", "audio", "vision")


@dataclass(frozen=True, kw_only=True)
class Mmsa(Exporter):
    """``{train, valid, test} -> {raw_text, audio, vision, id, text, ...}``, padded with zeros on the right.

    References
    ----------
    https://github.com/thuiar/MMSA, ``data_loader.py``
    """

    name: ClassVar[str] = "mmsa"

    text: str
    """The output that becomes ``text``."""
    audio: str
    """The output that becomes ``audio``."""
    vision: str
    """The output that becomes ``vision``."""
    label: str
    """The label that becomes ``regression_labels``; its sign becomes class and annotation."""
    tokens: str = ""
    """An output of ids, masks and segments that becomes ``text_bert``; without it there is none."""
    label_text: str = ""
    """The label of the text alone."""
    label_audio: str = ""
    """The label of the sound alone."""
    label_vision: str = ""
    """The label of the pictures alone."""
    aligned: bool = True
    """Whether the outputs are to be on one timeline, as ``need_data_aligned`` wants them."""
    text_length: int | None = None
    """Rows to which ``text`` and ``text_bert`` are cut; None: the longest segment's."""
    audio_length: int | None = None
    """Rows to which ``audio`` is cut."""
    vision_length: int | None = None
    """Rows to which ``vision`` is cut."""
    train: str = "train"
    """The store's split that becomes ``train``; ``a+b``: several."""
    valid: str = "valid"
    """The split that becomes ``valid``."""
    test: str = "test"
    """The split that becomes ``test``."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the pickle; see `Exporter`."""
        outputs = dict(zip(_MODALITIES, (self.text, self.audio, self.vision), strict=True))
        for output in outputs.values():
            vector_length(store, output)
        self._check_tokens(store)
        if self.aligned:
            check_one_timeline(store, [*outputs.values(), *([self.tokens] if self.tokens else [])])
        counts = {key: row_counts(store, output) for key, output in outputs.items()}
        if self.tokens:
            counts["text_bert"] = row_counts(store, self.tokens)
        lengths = self._lengths(store, counts)
        labels = self._labels(store)
        splits, notes = in_each_split(store, {"train": self.train, "valid": self.valid, "test": self.test})
        ids = text_array(mmsa_ids(store))
        texts = store.segments["text"].to_numpy(object)  # of a fixed width they would all be as long as the longest

        def content(segments: NDArray[np.intp]) -> dict[str, ArrayStream | NDArray[np.generic]]:
            features: dict[str, ArrayStream | NDArray[np.generic]] = {
                key: padded(store, output, segments, Padding(length=lengths[key])) for key, output in outputs.items()
            }
            # A sequence without rows is one row of zeros: torch packs no sequence of length 0.
            features |= {
                f"{key}_lengths": np.clip(counts[key][segments], 1, lengths[key]) for key in ("audio", "vision")
            }
            if self.tokens:
                features["text_bert"] = _text_bert(store, self.tokens, segments, lengths["text_bert"])
            classes = np.sign(labels[""][segments]).astype(np.int64) + 1
            return {
                "raw_text": texts[segments],
                "id": ids[segments],
                **features,
                "annotations": np.array(_CLASSES)[classes],
                "classification_labels": classes,
                **{f"regression_labels{key}": values[segments].astype(np.float32) for key, values in labels.items()},
            }

        with new_file(path) as temporary, open(temporary, "wb") as file:
            write_pickle(file, {split: content(segments) for split, segments in splits.items()})
        if not self.tokens:
            notes.append("no text_bert without tokens=OUTPUT: models need use_bert: false")
        used = np.concatenate(list(splits.values()))
        return notes + [
            f"{cut} segments have more than {lengths[key]} rows of {key}, the rest is cut off"
            for key in counts
            if (cut := int((counts[key][used] > lengths[key]).sum()))
        ]

    def _lengths(self, store: FeatureStore, counts: dict[str, NDArray[np.int64]]) -> dict[str, int]:
        """Return the number of rows after padding."""
        wanted = {"text": self.text_length, "audio": self.audio_length, "vision": self.vision_length}
        if self.aligned and len(set(wanted.values())) > 1:
            found = ", ".join(f"{key}_length={value}" for key, value in wanted.items() if value is not None)
            raise StoreError(f"{store.path}: {found}; expected one length for all three where they are aligned")
        wanted["text_bert"] = self.text_length
        return {key: wanted[key] or max(1, int(count.max(initial=0))) for key, count in counts.items()}

    def _labels(self, store: FeatureStore) -> dict[str, NDArray[np.float64]]:
        """Return the labels by the endings of their keys."""
        names = {"": self.label, "_T": self.label_text, "_A": self.label_audio, "_V": self.label_vision}
        return {ending: number_label(store, name) for ending, name in names.items() if name}

    def _check_tokens(self, store: FeatureStore) -> None:
        if self.tokens:
            schema = output_schema(store, self.tokens)
            if schema.shape != (3,) or np.dtype(schema.dtype).kind not in "iu":
                raise StoreError(
                    f"{store.path}: rows of output '{self.tokens}' are {schema.dtype} {schema.shape}; "
                    "expected ids, masks and segments as the extractor 'tokens' gives them, on the timeline 'none'"
                )


def mmsa_ids(store: FeatureStore) -> list[str]:
    """Return ``video_id$_$clip_id`` of every segment.

    The video is the recording and the clip is what the segment's id has behind it (``abc_3`` of ``abc``: ``3``). Where
    a recording is one clip (``video_0001/0001``), its folder is the video.
    """
    table = store.segments
    return [_mmsa_id(*pair) for pair in zip(table["recording"], table["id"], strict=True)]


def _mmsa_id(recording: str, segment: str) -> str:
    clip = segment.removeprefix(recording).lstrip("_/#-") if segment.startswith(recording) else segment
    if clip:
        return f"{recording}$_${clip}"
    video, slash, clip = recording.rpartition("/")
    return f"{video}$_${clip}" if slash else f"{recording}$_${segment}"


def _text_bert(store: FeatureStore, output: str, segments: NDArray[np.intp], length: int) -> ArrayStream:
    """Return ids, masks and segments, shape (N, 3, length)."""
    rows = padded(store, output, segments, Padding(length=length), np.int64)
    return ArrayStream(
        dtype=rows.dtype,
        shape=(len(segments), 3, length),
        blocks=lambda: (block.transpose(0, 2, 1) for block in rows.blocks()),
    )
