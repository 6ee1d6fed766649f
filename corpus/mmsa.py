"""The layout of MMSA, ``label.csv`` and ``Raw/<video>/<clip>.mp4``: CH-SIMS, and MOSI and MOSEI brought into it.

References
----------
W. Yu et al., "CH-SIMS: A Chinese Multimodal Sentiment Analysis Dataset with Fine-grained Annotation of Modality",
ACL 2020; https://github.com/thuiar/MMSA
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import CorpusError
from .clips import match_clips, media_below
from .findings import Findings
from .model import Corpus, Layout, Recording, Segment
from .tables import TableRow, read_table

_TABLE, _MEDIA = "label.csv", "Raw"
_COLUMNS = ("video_id", "clip_id", "text", "label", "annotation", "mode")
_OF_MODALITIES = ("label_T", "label_A", "label_V")
_SPLITS = ("train", "valid", "test")
_SIMS_VIDEO = re.compile(r"video_\d{4}")
_SIMS_COUNTS = {"videos": 60, "clips": 2_281, "train": 1_368, "valid": 456, "test": 457}
_SIMS_LARGEST = 1.0
_ANNOTATIONS = ("Negative", "Neutral", "Positive")
_ID = re.compile(r"[^/\\\0]+")


def recognises(path: Path) -> bool:
    """Whether the path is a folder with ``label.csv`` and ``Raw``."""
    return (path / _TABLE).is_file() and (path / _MEDIA).is_dir()


def read(path: Path) -> Corpus:
    """Read a folder; every clip is a recording and a segment, ``<video>/<clip>``.

    Ids are text, zeros at their beginning are part of them. Labels are ``label``, ``label_T``, ``label_A`` and
    ``label_V`` where there are such columns (numbers), ``annotation`` and ``video`` (text). The split is ``mode``.

    Raises
    ------
    CorpusError
        If the table lacks a column, or has a number, a mode or an id that is none; names the line.
    """
    findings = Findings()
    rows = read_table(path / _TABLE, _COLUMNS, findings, optional=_OF_MODALITIES)
    if not rows:
        raise CorpusError(f"{path / _TABLE}: has no rows; expected one for every clip")
    names = _names(rows, path / _MEDIA, findings)
    clips = match_clips(names, path / _MEDIA, findings)
    segments: dict[str, Segment] = {}
    for name, row in zip(names, rows, strict=True):
        if name in clips:
            segments.setdefault(name, _segment(name, row))
    _compare_with_published(list(segments.values()), findings)
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(Recording(id=name, media=clips[name]) for name in segments),
        segments=tuple(segments.values()),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _names(rows: Sequence[TableRow], folder: Path, findings: Findings) -> list[str]:
    """Return ``<video>/<clip>`` of every row; programs for tables drop the zeros of ids, which are put back."""
    files = media_below(folder)
    names, padded = [], []
    for row in rows:
        for column in ("video_id", "clip_id"):
            if not _ID.fullmatch(row[column]) or row[column] in (".", ".."):
                raise CorpusError(f"{row.place}: '{column}' is '{row[column][:40]}'; expected the name of a file")
        name = f"{row['video_id']}/{row['clip_id']}"
        with_zeros = f"{row['video_id']}/{row['clip_id'].zfill(4)}"
        if name not in files and with_zeros in files:
            padded.append(name)
            name = with_zeros
        names.append(name)
    findings.named("clips have lost the zeros at the beginning of their ids", padded)
    return names


def _segment(name: str, row: TableRow) -> Segment:
    if row["mode"] not in _SPLITS:
        raise CorpusError(f"{row.place}: 'mode' is '{row['mode'][:40]}'; expected {', '.join(_SPLITS)}")
    given = ["label", *(column for column in _OF_MODALITIES if row.cells.get(column))]  # empty for MOSI and MOSEI
    numbers = {column: row.number(column) for column in given}
    texts = {"annotation": row["annotation"], "video": row["video_id"]}
    return Segment(id=name, recording=name, split=row["mode"], text=row["text"] or None, labels={**numbers, **texts})


def _compare_with_published(segments: Sequence[Segment], findings: Findings) -> None:
    """Compare counts with those of CH-SIMS, where it is that."""
    videos = {str(segment.labels["video"]) for segment in segments}
    counts = Counter(segment.split for segment in segments)
    odd = (
        f"{one.id} ('{one.labels['annotation']}')" for one in segments if one.labels["annotation"] not in _ANNOTATIONS
    )
    findings.named(f"clips have an annotation that is none of {', '.join(_ANNOTATIONS)}", odd)
    if all(_SIMS_VIDEO.fullmatch(video) for video in videos):
        found = {"videos": len(videos), "clips": len(segments), **counts}
        for what, published in _SIMS_COUNTS.items():
            findings.count(f"CH-SIMS, {what}", found.get(what, 0), published)
        for name in ("label", *_OF_MODALITIES):
            far = (one.id for one in segments if abs(float(one.labels.get(name, 0.0))) > _SIMS_LARGEST)
            findings.named(f"clips have a '{name}' outside of -1 to 1", far)
    else:
        splits = ", ".join(f"{counts[split]:,} {split}" for split in _SPLITS)
        findings.note(f"{len(segments):,} clips of {len(videos):,} videos: {splits}")


LAYOUT = Layout(
    name="mmsa",
    summary="label.csv and Raw/<video>/<clip>.mp4, as of CH-SIMS and of what MMSA distributes",
    recognises=recognises,
    read=read,
)
