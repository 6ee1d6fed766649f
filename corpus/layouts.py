"""Which layouts there are, and which one a path has."""

import os
from dataclasses import replace
from pathlib import Path

from ..errors import CorpusError, UsageError, did_you_mean
from . import (
    afew_va,
    cmu_mosei,
    cmu_mosi,
    folder,
    iemocap,
    kaldi,
    manifest,
    meld,
    mmsa,
    rated,
    recola,
    sewa,
    sspnet_conflict,
)
from .encodings import FOREIGN, foreign_lines
from .findings import counted
from .missing_files import missing_files
from .model import Corpus, Layout

LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        cmu_mosi.LAYOUT,
        cmu_mosei.LAYOUT,
        meld.LAYOUT,
        mmsa.LAYOUT,
        sspnet_conflict.LAYOUT,
        iemocap.LAYOUT,
        iemocap.SENTENCES,
        afew_va.LAYOUT,
        sewa.LAYOUT,
        recola.LAYOUT,
        manifest.LAYOUT,
        kaldi.LAYOUT,
        rated.LAYOUT,
        folder.LAYOUT,
    )
}
"""Every layout by name, the most specific first: ``auto`` takes the first that recognises the path."""
_ANY_FOLDER = folder.LAYOUT
"""Recognises what others do, too, which is not worth a note."""


def read_corpus(path: Path, layout: str = "auto") -> Corpus:
    """Read a corpus.

    Parameters
    ----------
    path
        A folder, or a file that a layout reads.
    layout
        A name of `LAYOUTS`, or ``auto`` to find out; others that would do are noted.

    Raises
    ------
    CorpusError
        If the path does not exist or does not hold a corpus.
    UsageError
        If there is no such layout.
    """
    _check_is_there(path)
    if layout != "auto":
        if layout not in LAYOUTS:
            raise UsageError(f"no layout is called '{layout}'; {did_you_mean(layout, [*LAYOUTS, 'auto'])}")
        return _checked(LAYOUTS[layout].read(path))
    found = [candidate for candidate in LAYOUTS.values() if _recognises(candidate, path)]
    if not found:
        raise CorpusError(f"{path}: no layout recognises it; name one with --layout ({', '.join(LAYOUTS)})")
    corpus = _checked(found[0].read(path))
    if others := [other.name for other in found[1:] if other is not _ANY_FOLDER]:
        note = f"{path} is read as {corpus.layout}; for what else it can be, --layout {' or '.join(others)}"
        corpus = replace(corpus, notes=(note, *corpus.notes))
    return corpus


def _checked(corpus: Corpus) -> Corpus:
    """Return a corpus with problems of the files that it names: they are not there, or are in another encoding."""
    annotations = dict.fromkeys(one.path for recording in corpus.recordings for one in recording.annotations)
    foreign = [line.removeprefix(f"{corpus.root}/") for line in foreign_lines(annotations)]
    named = {
        "files are listed and not there": missing_files(corpus),
        f"files of ratings are not UTF-8, and are read as {FOREIGN}": foreign,
    }
    lines = [counted(what, names) for what, names in named.items() if names]
    return replace(corpus, problems=(*corpus.problems, *lines)) if lines else corpus


def _check_is_there(path: Path) -> None:
    try:
        is_there = path.exists()
        if path.is_dir():
            os.scandir(path).close()  # patterns find nothing where nothing may be listed, and say nothing
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CorpusError(f"{path}: cannot be read ({reason}); expected a corpus") from None
    if not is_there:
        raise CorpusError(f"{path}: no such file or folder; expected a corpus")


def _recognises(layout: Layout, path: Path) -> bool:
    """Return whether a layout recognises a path; what may not be looked at is not recognised."""
    try:
        return layout.recognises(path)
    except OSError:
        return False
