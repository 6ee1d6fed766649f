"""Sharing out the segments of a corpus among splits."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from ..corpus import Corpus, Segment
from ..errors import CorpusError, RecipeError, did_you_mean, require_packages
from ..recipe import Recipe
from ..recipe.splits import UNITS, FoldSplit, LeaveOneOut, ListSplit, RatioSplit, Split, TableSplit
from .split_files import read_split

_MOST_STRATIFIED_FOLDS = 20
"""Of which the parts of a stratified split are put together: each is a twentieth where there are units enough."""


def with_splits(corpus: Corpus, split: Split | None) -> Corpus:
    """Return a corpus whose segments are in the splits of a recipe.

    Nothing depends on the order of the segments, and the same seed gives the same splits on every platform.

    Parameters
    ----------
    corpus
        What the layout found.
    split
        How to share the segments out; None: as the corpus has them.

    Returns
    -------
    Corpus
        Its notes count the segments that a file gives no split, and the ids in it that the corpus does not have.

    Raises
    ------
    CorpusError
        If a file cannot be read, a segment lacks what it is shared out by, or there are too few units.
    """
    if split is None:
        return corpus
    notes: tuple[str, ...] = ()
    if isinstance(split, TableSplit | ListSplit):
        found, notes = _listed(corpus, split)
    elif isinstance(split, LeaveOneOut):
        found = _units(corpus, corpus.segments, split.leave_one_out)
        if len(set(found)) < 2:
            raise CorpusError(f"{corpus.root}: 1 {split.leave_one_out}; expected 2 or more to leave one out")
    elif isinstance(split, RatioSplit | FoldSplit):
        found = _drawn(corpus, split)
    else:
        assert_never(split)
    pairs = zip(corpus.segments, found, strict=True)
    segments = tuple(replace(segment, split=name) for segment, name in pairs)
    return replace(corpus, segments=segments, notes=corpus.notes + notes)


def statistics_tables(recipe: Recipe, segments: Iterable[Segment]) -> dict[str, tuple[str, ...]]:
    """Return the names of the tables of statistics that a recipe wants, and the splits that each is of.

    Raises
    ------
    RecipeError
        If no segment is in a split that the recipe names.
    """
    splits = sorted({segment.split for segment in segments} - {""})
    wanted = recipe.statistics
    if wanted == "default":
        folds = isinstance(recipe.split, FoldSplit | LeaveOneOut)
        wanted = "folds" if folds else ("train",) if "train" in splits else "none"
    if wanted == "none":
        return {}
    if wanted == "folds":
        if len(splits) < 2:
            raise RecipeError(f"the recipe wants statistics of folds; expected 2 splits or more, found {len(splits)}")
        return {f"without {left}": tuple(split for split in splits if split != left) for left in splits}
    for name in wanted:
        if name not in splits:
            hint = did_you_mean(name, splits) if splits else "there are none"
            raise RecipeError(f"the recipe wants statistics of the split '{name}', in which no segment is; {hint}")
    return {"+".join(wanted): wanted}


def _units(corpus: Corpus, segments: Sequence[Segment], by: str) -> list[str]:
    """Return what every segment belongs to: one of `UNITS`, or what a label names."""
    if by not in UNITS and by not in corpus.label_names:
        hint = did_you_mean(by, (*UNITS, *corpus.label_names))
        raise CorpusError(f"{corpus.root}: has no label '{by}', by which the recipe splits; {hint}")
    if by == "segment":
        return [segment.id for segment in segments]
    if by == "recording":
        return [segment.recording for segment in segments]
    units = [segment.speaker if by == "speaker" else str(segment.labels.get(by, "")) for segment in segments]
    if "" in units:
        first = segments[units.index("")].id
        raise CorpusError(f"segment '{first}' has no {by}, by which the recipe splits; expected one for every segment")
    return units


def _listed(corpus: Corpus, split: TableSplit | ListSplit) -> tuple[list[str], tuple[str, ...]]:
    """Return the split of every segment by a file, and what does not fit."""
    by, given = read_split(corpus.root, split)
    units = _units(corpus, corpus.segments, by)
    without = [segment.id for segment, unit in zip(corpus.segments, units, strict=True) if not given.get(unit)]
    unknown = sorted(set(given) - set(units))
    notes = []
    if without:
        notes.append(f"{len(without)} of {len(units)} segments are in no split ({_first(without)})")
    if unknown:
        notes.append(f"the split lists {len(unknown)} ids that no {by} of the corpus has ({_first(unknown)})")
    if units and len(without) == len(units):
        raise CorpusError(f"{corpus.root}: the recipe's split lists no {by} of this corpus; {notes[-1]}")
    return [given.get(unit, "") for unit in units], tuple(notes)


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _drawn(corpus: Corpus, split: RatioSplit | FoldSplit) -> list[str]:
    """Return the split of every segment, drawn at random."""
    segments = sorted(corpus.segments, key=lambda segment: segment.id)
    units, member = np.unique(np.array(_units(corpus, segments, split.by), object), return_inverse=True)
    if isinstance(split, FoldSplit):
        ratios = {f"fold{number}": 1 / split.folds for number in range(split.folds)}
    else:
        ratios = split.ratios
    if len(units) < len(ratios):
        raise CorpusError(f"{corpus.root}: {len(units)} {split.by}s cannot be shared out among {len(ratios)} splits")
    if split.stratify is None:
        generator = np.random.default_rng(split.seed)
        part = np.empty(len(units), np.intp)
        part[generator.permutation(len(units))] = np.repeat(np.arange(len(ratios)), _shares(ratios, len(units)))
        part = part[member]
    else:
        classes = _classes(corpus, segments, split.stratify, len(ratios))
        most = min(_MOST_STRATIFIED_FOLDS, len(units), int(np.bincount(classes).max()))
        folds = len(ratios) if isinstance(split, FoldSplit) else most
        part = _spread(_shares(ratios, folds))[_stratified_folds(member, classes, folds, split.seed)]
    names = list(ratios)
    found = {segment.id: names[number] for segment, number in zip(segments, part, strict=True)}
    return [found[segment.id] for segment in corpus.segments]


def _shares(ratios: Mapping[str, float], count: int) -> list[int]:
    """Return how many of ``count`` units every split gets: at least one, and then whoever lacks most."""
    wanted = np.array(list(ratios.values())) * count
    shares = np.maximum(np.floor(wanted), 1)
    while shares.sum() > count:
        shares[np.argmax(np.where(shares > 1, shares - wanted, -np.inf))] -= 1
    while shares.sum() < count:
        shares[np.argmax(wanted - shares)] += 1
    return [int(share) for share in shares]


def _spread(shares: Sequence[int]) -> NDArray[np.intp]:
    """Return the part that every fold belongs to, those of each part evenly among the others.

    A rare class lies in folds that follow each other.
    """
    places = np.concatenate([(np.arange(share) + 0.5) / share for share in shares])
    return np.repeat(np.arange(len(shares)), shares)[np.argsort(places, kind="stable")]


def _classes(corpus: Corpus, segments: Sequence[Segment], label: str, parts: int) -> NDArray[np.intp]:
    """Return the number of every segment's class."""
    if label not in corpus.label_names:
        hint = did_you_mean(label, corpus.label_names) if corpus.label_names else "it has none"
        raise CorpusError(
            f"{corpus.root}: has no label column '{label}' to stratify by; {hint} "
            "(labels that are made of tracks are known only after extraction)"
        )
    values = [str(segment.labels.get(label, "")) for segment in segments]
    rarest, count = min(Counter(values).items(), key=lambda item: (item[1], item[0]))
    if count < parts:
        raise CorpusError(
            f"{corpus.root}: {count} of {len(values)} segments have the {label} '{rarest}'; "
            f"expected at least {parts} of every class to stratify {parts} splits"
        )
    return np.unique(np.array(values, object), return_inverse=True)[1].astype(np.intp)


def _stratified_folds(units: NDArray[np.intp], classes: NDArray[np.intp], folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of every segment, the classes spread over the folds as evenly as whole units allow."""
    require_packages("a stratified split", ["sklearn"], "extract")
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    single = len(np.unique(units)) == len(units)
    folder = (StratifiedKFold if single else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    fold = np.empty(len(units), np.intp)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer members than folds is in some of them
        for number, (_, chosen) in enumerate(folder.split(np.zeros(len(units)), classes, units)):
            fold[chosen] = number
    return fold
