"""What an audit finds, one line each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import UsageError, did_you_mean
from ..store import FeatureStore
from ..store.shard import ShardReader
from .near_duplicates import SHORTEST_WORDS, near_duplicates
from .training_data import known_corpus, named_corpora, trained_on

_TRAIN = ("train", "training")
_MOST_NAMES = 3


def audit(store: FeatureStore, *, groups: Sequence[str] = (), corpus: str | None = None) -> list[str]:
    """Look for what leaks between the splits of a store, and for what they lack.

    Parameters
    ----------
    store
        The store.
    groups
        Labels that name what must not be on both sides of a split, beside speaker and recording: a dialogue.
    corpus
        The corpus that the store is of, for models that were trained on it; None: those that the names of the store and
        its recipe speak of.

    Returns
    -------
    list of str
        One line for everything found.

    Raises
    ------
    UsageError
        If there is no such label, or nothing is known of the corpus.
    """
    for group in groups:
        if group not in store.manifest.labels:
            hint = did_you_mean(group, store.manifest.labels) if store.manifest.labels else "there are none"
            raise UsageError(f"{store.path}: no label is called '{group}'; {hint}")
    corpora = named_corpora(f"{store.path.resolve().name} {store.manifest.recipe}")
    corpora = corpora if corpus is None else {known_corpus(corpus)}
    segments, provenance = store.segments, store.provenance
    assigned = segments[segments["split"] != ""]
    return [
        *_without_split(segments),
        *(line for column in ("speaker", "recording", *groups) for line in _shared(assigned, column)),
        *_same_media(assigned, provenance),
        *_same_time(assigned),
        *_same_text(assigned),
        *_statistics(store, set(assigned["split"])),
        *_training_data(provenance, corpora),
        *_classes(store, assigned, groups),
        *_never_observed(observed_by_split(store)),
    ]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """How much of an output was observed in a split."""

    output: str
    split: str
    rows: int
    observed: int
    """Rows with a mask of True."""
    coverage: float
    """Mean of the rows' coverage; 0 where there are none."""
    segments: int
    empty: int
    """Segments without an observed row."""


def observed_by_split(store: FeatureStore) -> list[Observed]:
    """Return how much of every output was observed in every split."""
    splits, number = np.unique(store.segments["split"].to_numpy(str), return_inverse=True)
    segments = np.bincount(number, minlength=len(splits))
    found = []
    for output in store.outputs:
        sums, first = np.zeros((4, len(splits))), 0
        for place, entry in enumerate(store.manifest.shards):
            sums += _sums(store.shard(place), output, number[first : first + entry.segments], len(splits))
            first += entry.segments
        found += [
            Observed(
                output=output,
                split=str(split),
                rows=int(rows),
                observed=int(observed),
                coverage=float(coverage / max(rows, 1)),
                segments=int(count),
                empty=int(empty),
            )
            for split, count, (rows, observed, coverage, empty) in zip(splits, segments, sums.T, strict=True)
        ]
    return found


def _sums(shard: ShardReader, output: str, splits: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Return rows, observed rows, sum of coverage and empty segments of every split in a shard, shape (4, count)."""
    segment = np.repeat(np.arange(len(splits)), np.diff(shard.array(output, "offsets")))
    mask, coverage = shard.array(output, "mask"), shard.array(output, "coverage")
    empty = np.bincount(segment, weights=mask, minlength=len(splits)) == 0
    of_rows = [np.bincount(splits[segment], weights, count) for weights in (np.ones(len(mask)), mask, coverage)]
    return np.stack([*of_rows, np.bincount(splits, empty, count)])


def _without_split(segments: pd.DataFrame) -> Iterator[str]:
    without = segments["id"][segments["split"] == ""]
    if 0 < len(without) < len(segments):
        yield f"{len(without)} of {len(segments)} segments are in no split: {_few(without)}"


def _shared(segments: pd.DataFrame, column: str) -> Iterator[str]:
    """Find speakers, recordings and the like that are in several splits."""
    named = segments[segments[column] != ""]
    splits = named.groupby(column)["split"].agg(lambda names: "+".join(sorted(set(names))))
    shared = splits[splits.str.contains("+", regex=False)]
    if len(shared):
        yield f"{column}: {len(shared)} of {len(splits)} in several splits ({_counts(shared)}): {_few(shared.index)}"


def _same_media(segments: pd.DataFrame, provenance: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Find files that are in several splits under different names."""
    media = {
        recording: str(source["media"])
        for one in provenance
        for recording, source in _mapping(one.get("sources")).items()
        if "media" in _mapping(source)
    }
    pairs = segments[["recording", "split"]].drop_duplicates()
    for _, same in pairs.groupby(pairs["recording"].map(media)):
        splits, recordings = sorted(set(same["split"])), sorted(set(same["recording"]))
        if len(splits) > 1 and len(recordings) > 1:
            yield f"recordings of the same media file are in the splits {', '.join(splits)}: {_few(recordings)}"


def _same_time(segments: pd.DataFrame) -> Iterator[str]:
    """Find segments that overlap one of another split in the same recording."""
    overlapping = []
    for _, rows in segments.sort_values(["start", "id"]).groupby("recording"):
        ends: dict[str, float] = {}
        for name, split, start, end in zip(rows["id"], rows["split"], rows["start"], rows["end"], strict=True):
            if any(other_end > start for other, other_end in ends.items() if other != split):
                overlapping.append(name)
            ends[split] = max(ends.get(split, end), end)
    if overlapping:
        yield f"{len(overlapping)} segments overlap one of another split in the same recording: {_few(overlapping)}"


def _same_text(segments: pd.DataFrame) -> Iterator[str]:
    if segments["split"].nunique() < 2:
        return
    pairs = near_duplicates(list(segments["text"]), list(segments["split"]))
    if pairs:
        splits, ids = segments["split"].to_numpy(), segments["id"].to_numpy()
        counts = _counts("+".join(sorted((splits[one], splits[other]))) for one, other in pairs)
        names = _few([f"{ids[one]} and {ids[other]}" for one, other in pairs])
        what = f"texts of {SHORTEST_WORDS} words or more are nearly the same in two splits"
        yield f"{len(pairs)} pairs of {what} ({counts}): {names}"


def _statistics(store: FeatureStore, splits: set[str]) -> Iterator[str]:
    """Find statistics that know more than the training data."""
    for name, table in store.statistics.items():
        fold = name.removeprefix("without ")
        of_folds = fold in splits and fold not in table.splits and not splits & {*_TRAIN}
        if not of_folds and (others := sorted(set(table.splits) - {*_TRAIN})):
            yield f"statistics '{name}' are of {_few(others)}; expected those of train alone"


def _training_data(provenance: Sequence[Mapping[str, Any]], corpora: set[str]) -> Iterator[str]:
    lines = {
        f"track '{track}': the model '{model}' was trained on {corpus}, of which this store is"
        for one in provenance
        for track, ways in _mapping(one.get("tracks")).items()
        for made_by in (ways if isinstance(ways, list) else ())
        for model, seen in trained_on(_mapping(made_by)).items()
        for corpus in seen & corpora
    }
    yield from sorted(lines)


def _classes(store: FeatureStore, segments: pd.DataFrame, groups: Sequence[str]) -> Iterator[str]:
    """Find classes that a model is tested on without having seen them; what names groups is none."""
    train = segments["split"].isin(_TRAIN)
    if not train.any():
        return
    for label in [name for name, kind in store.manifest.labels.items() if kind == "text" and name not in groups]:
        unseen = sorted(set(segments[label][~train]) - set(segments[label][train]))
        if unseen:
            yield f"label '{label}': {len(unseen)} classes are not in train: {_few(unseen)}"


def _never_observed(found: Iterable[Observed]) -> Iterator[str]:
    for one in found:
        if not one.observed:
            where = f"the split '{one.split}'" if one.split else "segments without a split"
            yield f"output '{one.output}': nothing was observed in {where} ({one.segments} segments)"


def _mapping(value: object) -> Mapping[str, Any]:
    """Return a part of the provenance, which anybody may have written."""
    return value if isinstance(value, Mapping) else {}


def _counts(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(Counter(names).items()))


def _few(names: Iterable[object]) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:_MOST_NAMES]) + (", ..." if len(listed) > _MOST_NAMES else "")
