"""Which layouts there are, and which one a path has."""

from pathlib import Path

from ..errors import CorpusError, UsageError, did_you_mean
from . import afew_va, cmu_mosei, cmu_mosi, folder, iemocap, kaldi, manifest, meld, mmsa, recola, sewa, sspnet_conflict
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
        folder.LAYOUT,
    )
}
"""Every layout by name, the most specific first: ``auto`` takes the first that recognises the path."""


def read_corpus(path: Path, layout: str = "auto") -> Corpus:
    """Read a corpus.

    Parameters
    ----------
    path
        A folder, or a file that a layout reads.
    layout
        A name of `LAYOUTS`, or ``auto`` to find out.

    Raises
    ------
    CorpusError
        If the path does not exist or does not hold a corpus.
    UsageError
        If there is no such layout.
    """
    if not path.exists():
        raise CorpusError(f"{path}: no such file or folder; expected a corpus")
    if layout != "auto":
        if layout not in LAYOUTS:
            raise UsageError(f"no layout is called '{layout}'; {did_you_mean(layout, [*LAYOUTS, 'auto'])}")
        return LAYOUTS[layout].read(path)
    for candidate in LAYOUTS.values():
        if candidate.recognises(path):
            return candidate.read(path)
    raise CorpusError(f"{path}: no layout recognises it; name one with --layout ({', '.join(LAYOUTS)})")
