import pytest

from trimodal.errors import ParameterError, RecipeError
from trimodal.recipe import Recipe, parse_recipe
from trimodal.recipe.splits import FoldSplit, LeaveOneOut, ListSplit, RatioSplit, Split, TableSplit

BASE = "tracks: {mfcc: {}}\nalign: {audio: {tracks: [mfcc], timeline: segment}}\n"


def parsed(text: str) -> Recipe:
    return parse_recipe(BASE + text, "r.yaml")


def test_without_keys_the_corpus_decides() -> None:
    assert (parsed("").split, parsed("").statistics) == (None, "default")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{file: splits.csv}", TableSplit(file="splits.csv")),
        ("{files: {train: a.txt, test: b.txt}}", ListSplit(files={"train": "a.txt", "test": "b.txt"})),
        ("{files: {train: a.txt}, by: recording}", ListSplit(files={"train": "a.txt"}, by="recording")),
        (
            "{by: speaker, ratios: {train: 0.7, valid: 0.15, test: 0.15}, seed: 3, stratify: mood}",
            RatioSplit(by="speaker", ratios={"train": 0.7, "valid": 0.15, "test": 0.15}, seed=3, stratify="mood"),
        ),
        ("{by: segment, folds: 5}", FoldSplit(by="segment", folds=5)),
        ("{by: pair, folds: 5}", FoldSplit(by="pair", folds=5)),
        ("{leave_one_out: speaker}", LeaveOneOut(leave_one_out="speaker")),
    ],
)
def test_every_way_can_be_given(text: str, expected: Split) -> None:
    assert parsed(f"split: {text}\n").split == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("split: random", r"'split' is \"random\"; expected a mapping with one of the keys file, files, ratios, folds"),
        ("split: {by: speaker}", "expected a mapping with one of the keys file, files, ratios, folds, leave_one_out"),
        ("split: {folds: 2, file: a.csv}", "expected a mapping with one of the keys"),
        ("split: {by: speaker, folds: 5, sed: 1}", "split.sed: unknown key 'sed'; did you mean 'seed'"),
        ("split: {leave_one_out: segment}", "'leave_one_out' takes speaker, recording or a label, found segment"),
        ("split: {folds: 5}", "the key 'by' is missing"),
        ("split: {by: speaker, folds: 1}", "folds must be at least 2, found 1"),
        ("split: {by: speaker, folds: 2, seed: -1}", r"seed must be from 0 to 2\*\*32 - 1, found -1"),
        ("split: {by: speaker, ratios: {train: 0.7, test: 0.2}}", "ratios must add up to 1, found 0.9"),
        ("split: {by: speaker, ratios: {train: 1.0, test: 0.0}}", "two splits or more, each with a share of more than"),
        ("split: {by: speaker, ratios: {train: 1.0}}", "'ratios' must name two splits or more"),
        ("split: {files: {}}", "'files' must name a file for at least one split"),
        ("statistics: trian", r"'statistics' is \"trian\"; expected none, folds, or \{split: NAME\}"),
        ("statistics: {splt: train}", r"expected none, folds, or \{split: NAME\}"),
        ("statistics: {split: []}", r"expected none, folds, or \{split: NAME\}"),
        ("statistics: {split: [a, a]}", r"expected none, folds, or \{split: NAME\}"),
        ("statistics: {split: 3}", r"expected none, folds, or \{split: NAME\}"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=rf"^r\.yaml, line 3: .*{message}") as caught:
        parsed(text + "\n")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", "none"),
        ("folds", "folds"),
        ("{split: train}", ("train",)),
        ("{split: [train, valid]}", ("train", "valid")),
    ],
)
def test_statistics(text: str, expected: object) -> None:
    assert parsed(f"statistics: {text}\n").statistics == expected


@pytest.mark.parametrize("ratio", [float("nan"), float("inf"), -0.5])
def test_ratios_are_shares(ratio: float) -> None:
    with pytest.raises(ParameterError, match="ratios"):
        RatioSplit(by="segment", ratios={"train": ratio, "test": 0.5})
