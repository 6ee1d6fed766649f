"""What an audit finds, one line each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ..errors import UsageError, did_you_mean
from ..store import FeatureStore
from .classes import class_labels
from .extractors import knows_the_corpus, never_trained, parameters_by_track
from .near_duplicates import SHORTEST_WORDS, near_duplicates
from .observed import different_ends, never_observed, observed_by_split
from .recipe_text import mapping, recipe_part
from .rows import empty_places, tokens_without_ends
from .training_data import known_corpus, named_corpora

UNITS = ("dialogue", "session", "pair", "broadcast", "video")
"""Labels by which layouts name what no two splits should share, beside speaker and recording."""
_TRAIN = ("train", "training")
_VALID = ("valid", "validation", "val", "dev", "devel", "development")
_TEST = ("test", "testing", "eval", "evaluation")
_MOST_NAMES = 3


def audit(store: FeatureStore, *, groups: Sequence[str] = (), corpus: str | None = None) -> list[str]:
    """Look for what leaks between the splits of a store, and for what they lack.

    Parameters
    ----------
    store
        The store.
    groups
        Labels that name what must not be on both sides of a split, beside speaker, recording and `UNITS`: a scene.
    corpus
        The corpus that the store is of, for models that were trained on it; None: those that the store's name, its
        recipe's and that of its layout speak of.

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
    names = f"{store.path.resolve().name} {store.manifest.recipe} {store.manifest.layout}"
    corpora = named_corpora(names) if corpus is None else {known_corpus(corpus)}
    units = [label for label in UNITS if store.manifest.labels.get(label) == "text"]
    groups = list(dict.fromkeys([*units, *groups]))
    segments, tracks = store.segments, parameters_by_track(store)
    assigned = segments[segments["split"] != ""]
    return [
        *_without_split(segments),
        *_no_validation(set(assigned["split"])),
        *_unknown_speakers(assigned, recipe_part(store, "split")),
        *(line for column in ("speaker", "recording", *groups) for line in _shared(assigned, column)),
        *_same_media(assigned, store.provenance),
        *_same_time(assigned),
        *_same_text(assigned),
        *_statistics(store, set(assigned["split"])),
        *knows_the_corpus(tracks, corpora),
        *never_trained(tracks),
        *_classes(store, assigned, groups),
        *never_observed(observed_by_split(store)),
        *different_ends(store),
        *empty_places(store),
        *tokens_without_ends(store),
        *_nominal_rates(store.provenance),
    ]


def _without_split(segments: pd.DataFrame) -> Iterator[str]:
    without = segments["id"][segments["split"] == ""]
    if 0 < len(without) == len(segments):
        yield "no segment is in a split; expected 'split' in the recipe, which says what stays whole"
    elif len(without):
        yield f"{len(without)} of {len(segments)} segments are in no split: {_few(without)}"


def _no_validation(splits: set[str]) -> Iterator[str]:
    """Find that there is nothing to choose a model on but what it is tested on."""
    others = sorted(splits - {*_TRAIN})
    if others and splits & {*_TRAIN} and not splits & {*_VALID}:
        yield f"there is no split for validation beside train and {_few(others)}: a model would be chosen on test data"


def _unknown_speakers(segments: pd.DataFrame, split: Mapping[str, Any]) -> Iterator[str]:
    """Find segments that were shared out at random one by one and do not say what they share."""
    unknown = segments["id"][segments["speaker"] == ""]
    if split.get("by") == "segment" and split.keys() & {"ratios", "folds"} and len(unknown):
        why = "that somebody is in several splits does not show"
        yield f"single segments are shared out at random, {len(unknown)} have no speaker: {why}: {_few(unknown)}"


def _shared(segments: pd.DataFrame, column: str) -> Iterator[str]:
    """Find speakers, recordings and the like that are in several splits."""
    named = segments[segments[column] != ""]
    splits = named.groupby(column)["split"].agg(lambda names: sorted(set(names)))
    shared = splits[splits.map(len) > 1].map("+".join)
    if len(shared):
        yield f"{column}: {len(shared)} of {len(splits)} in several splits ({_counts(shared)}): {_few(shared.index)}"


def _same_media(segments: pd.DataFrame, provenance: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Find files that are in several splits under different names."""
    media = {
        recording: str(source["media"])
        for one in provenance
        for recording, source in mapping(one.get("sources")).items()
        if "media" in mapping(source)
    }
    pairs = segments[["recording", "split"]].drop_duplicates()
    for _, same in pairs.groupby(pairs["recording"].map(media)):
        splits, recordings = sorted(set(same["split"])), sorted(set(same["recording"]))
        if len(splits) > 1 and len(recordings) > 1:
            yield f"recordings of the same media file are in the splits {', '.join(splits)}: {_few(recordings)}"


def _nominal_rates(provenance: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Find recordings whose frames have their times from a rate that was given, and not from a container."""
    rates: dict[str, list[str]] = {}
    for one in provenance:
        for recording, source in mapping(one.get("sources")).items():
            if rate := mapping(source).get("nominal_frames_per_second"):
                rates.setdefault(str(rate), []).append(str(recording))
    for rate, recordings in sorted(rates.items()):
        times = f"times by a nominal rate of {rate} a second, and so have windows of them"
        yield f"frames of {len(recordings)} recordings have {times}: {_few(recordings)}"


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
        known = set(table.splits)
        of_folds = known < splits and not splits & {*_TRAIN} and not known & {*_VALID, *_TEST}
        if not of_folds and (others := sorted(known - {*_TRAIN})):
            yield f"statistics '{name}' are of {_few(others)}; expected those of train alone"


def _classes(store: FeatureStore, segments: pd.DataFrame, groups: Sequence[str]) -> Iterator[str]:
    """Find classes that a model is tested on without having seen them; what names groups is none."""
    train = segments["split"].isin(_TRAIN)
    if not train.any():
        return
    for label in [name for name in class_labels(store) if name not in groups]:
        unseen = sorted(set(segments[label][~train]) - set(segments[label][train]))
        if unseen:
            names = [name if isinstance(name, str) else f"{name:g}" for name in unseen]
            yield f"label '{label}': {len(unseen)} classes are not in train: {_few(names)}"


def _counts(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(Counter(names).items()))


def _few(names: Iterable[object]) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:_MOST_NAMES]) + (", ..." if len(listed) > _MOST_NAMES else "")
