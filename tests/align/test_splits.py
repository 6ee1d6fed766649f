"""Splits: what must not leak does not, and the same seed gives the same splits."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.align import statistics_tables, with_splits
from trimodal.corpus import Corpus, Recording, Segment
from trimodal.errors import CorpusError, RecipeError
from trimodal.recipe import parse_recipe
from trimodal.recipe.splits import FoldSplit, LeaveOneOut, ListSplit, RatioSplit, Split, TableSplit, Unit

RATIOS = {"train": 0.7, "valid": 0.15, "test": 0.15}


def corpus(speakers: int = 20, each: int = 12, root: Path = Path("c")) -> Corpus:
    """Two speakers a recording and two recordings a team, in turns; a rare mood, a common one and one in between."""
    segments = [
        Segment(
            id=f"s{speaker:02d}_{number:02d}",
            recording=f"r{speaker // 2}",
            speaker=f"speaker {speaker}",
            split="own",
            labels={
                "mood": ("glad", "sad", "glad", "calm", "glad", "sad")[number % 6],
                "score": float(number),
                "team": f"team {speaker // 4}",
            },
        )
        for speaker in range(speakers)
        for number in range(each)
    ]
    recordings = tuple(Recording(id=f"r{number}", media=root / f"{number}.mp4") for number in range(-(-speakers // 2)))
    return Corpus(root=root, layout="test", recordings=recordings, segments=tuple(segments))


def splits(of: Corpus) -> dict[str, str]:
    return {segment.id: segment.split for segment in of.segments}


def sizes(of: Corpus) -> Counter[str]:
    return Counter(segment.split for segment in of.segments)


def units(of: Corpus, by: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for segment in of.segments:
        unit = segment.labels[by] if by in segment.labels else getattr(segment, by)
        found.setdefault(str(unit), set()).add(segment.split)
    return found


def test_without_a_split_the_corpus_is_as_it_was() -> None:
    assert with_splits(corpus(), None) == corpus()


WAYS: list[Split] = [
    RatioSplit(by="speaker", ratios=RATIOS),
    RatioSplit(by="recording", ratios=RATIOS, seed=5),
    RatioSplit(by="segment", ratios=RATIOS),
    RatioSplit(by="speaker", ratios=RATIOS, stratify="mood"),
    RatioSplit(by="segment", ratios=RATIOS, stratify="mood"),
    FoldSplit(by="speaker", folds=5),
    FoldSplit(by="recording", folds=5, stratify="mood"),
    FoldSplit(by="segment", folds=5, stratify="mood"),
    LeaveOneOut(leave_one_out="speaker"),
    RatioSplit(by="team", ratios=RATIOS),
    FoldSplit(by="team", folds=3, stratify="mood"),
    LeaveOneOut(leave_one_out="team"),
]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_order_of_segments_does_not_matter(way: Split) -> None:
    plain = corpus()
    shuffled = list(plain.segments)
    random.Random(1).shuffle(shuffled)
    assert splits(with_splits(replace(plain, segments=tuple(shuffled)), way)) == splits(with_splits(plain, way))


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_units_stay_whole_and_every_segment_has_a_split(way: Split) -> None:
    found = with_splits(corpus(), way)
    by = way.leave_one_out if isinstance(way, LeaveOneOut) else getattr(way, "by", "segment")
    if by != "segment":
        assert all(len(names) == 1 for names in units(found, by).values())
    assert "" not in sizes(found)
    assert "own" not in sizes(found)


@pytest.mark.parametrize(
    ("by", "stratify", "expected"),
    [
        ("speaker", None, {"train": 14 * 12, "valid": 3 * 12, "test": 3 * 12}),
        ("speaker", "mood", {"train": 14 * 12, "valid": 3 * 12, "test": 3 * 12}),
        ("segment", None, {"train": 168, "valid": 36, "test": 36}),
        ("segment", "mood", {"train": 168, "valid": 36, "test": 36}),
    ],
)
def test_ratios_come_out(by: Unit, stratify: str | None, expected: dict[str, int]) -> None:
    assert sizes(with_splits(corpus(), RatioSplit(by=by, ratios=RATIOS, stratify=stratify))) == expected


def test_stratified_parts_have_the_shares_of_the_whole() -> None:
    found = with_splits(corpus(), RatioSplit(by="segment", ratios=RATIOS, stratify="mood"))
    counts = Counter((segment.split, segment.labels["mood"]) for segment in found.segments)
    for split, ratio in RATIOS.items():
        for mood, share in (("glad", 120), ("sad", 80), ("calm", 40)):
            assert abs(counts[split, mood] - ratio * share) <= 1


def test_stratified_groups_balance_speakers_who_are_all_of_one_mood() -> None:
    plain = corpus(speakers=20)
    moods = {f"speaker {number}": "glad" if number < 10 else "sad" for number in range(20)}
    segments = tuple(replace(one, labels={"mood": moods[one.speaker]}) for one in plain.segments)
    found = with_splits(replace(plain, segments=segments), FoldSplit(by="speaker", folds=5, stratify="mood"))
    counts = Counter((segment.split, segment.labels["mood"]) for segment in found.segments)
    assert set(counts.values()) == {2 * 12}
    assert {split for split, _ in counts} == {f"fold{number}" for number in range(5)}


def test_a_seed_is_that_split_for_ever() -> None:
    """Were these to change, so would published results."""
    small = corpus(speakers=6, each=1)
    found = {seed: splits(with_splits(small, RatioSplit(by="speaker", ratios=RATIOS, seed=seed))) for seed in (0, 1)}
    assert [name for name, split in found[0].items() if split == "test"] == ["s01_00"]
    assert [name for name, split in found[1].items() if split == "test"] == ["s03_00"]
    folds = splits(with_splits(small, FoldSplit(by="segment", folds=3, seed=7, stratify=None)))
    assert list(folds.values()) == ["fold1", "fold2", "fold0", "fold2", "fold1", "fold0"]


@given(st.integers(3, 60), st.integers(0, 2**32 - 1), st.sampled_from([(0.7, 0.15, 0.15), (0.98, 0.01, 0.01)]))
def test_no_part_is_empty_where_there_are_units_enough(count: int, seed: int, shares: tuple[float, ...]) -> None:
    ratios = dict(zip(("train", "valid", "test"), shares, strict=True))
    found = sizes(with_splits(corpus(speakers=count, each=1), RatioSplit(by="segment", ratios=ratios, seed=seed)))
    assert set(found) == set(ratios)
    assert sum(found.values()) == count
    assert all(abs(found[name] - share * count) < 2 for name, share in ratios.items())


def test_leaving_one_out() -> None:
    found = with_splits(corpus(speakers=4), LeaveOneOut(leave_one_out="recording"))
    assert units(found, "recording") == {"r0": {"r0"}, "r1": {"r1"}}


@pytest.mark.parametrize(
    ("way", "message"),
    [
        (RatioSplit(by="speaker", ratios=RATIOS), "2 speakers cannot be shared out among 3 splits"),
        (FoldSplit(by="recording", folds=2), "1 recordings cannot be shared out among 2 splits"),
        (LeaveOneOut(leave_one_out="recording"), "1 recording; expected 2 or more to leave one out"),
        (FoldSplit(by="speker", folds=2), "has no label 'speker', by which the recipe splits; did you mean 'speaker'"),
        (FoldSplit(by="teem", folds=2), "has no label 'teem', by which the recipe splits; did you mean 'team'"),
        (LeaveOneOut(leave_one_out="team"), "1 team; expected 2 or more to leave one out"),
        (
            FoldSplit(by="segment", folds=5, stratify="mood"),
            "4 of 24 segments have the mood 'calm'; expected at least 5 of every class to stratify 5 splits",
        ),
        (
            FoldSplit(by="segment", folds=2, stratify="mod"),
            "no label column 'mod' to stratify by; did you mean 'mood'.*known only after extraction",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(way: Split, message: str) -> None:
    with pytest.raises(CorpusError, match=f"^c: .*{message}"):
        with_splits(corpus(speakers=2), way)


def test_a_class_with_one_member_cannot_be_stratified() -> None:
    plain = corpus()
    odd = replace(plain.segments[0], labels={"mood": "furious", "score": 0.0})
    with pytest.raises(CorpusError, match="1 of 240 segments have the mood 'furious'; expected at least 3"):
        way = RatioSplit(by="segment", ratios=RATIOS, stratify="mood")
        with_splits(replace(plain, segments=(odd, *plain.segments[1:])), way)


def test_small_classes_can_be_stratified_into_few_parts() -> None:
    found = with_splits(corpus(speakers=2), RatioSplit(by="segment", ratios={"a": 0.5, "b": 0.5}, stratify="mood"))
    counts = Counter((segment.split, segment.labels["mood"]) for segment in found.segments)
    assert counts == {(part, mood): n for part in "ab" for mood, n in (("glad", 6), ("sad", 4), ("calm", 2))}


def test_stratifying_without_labels() -> None:
    plain = corpus()
    bare = replace(plain, segments=tuple(replace(one, labels={}) for one in plain.segments))
    with pytest.raises(CorpusError, match="no label column 'mood' to stratify by; it has none"):
        with_splits(bare, FoldSplit(by="segment", folds=2, stratify="mood"))


def test_segments_without_a_speaker_cannot_be_split_by_it() -> None:
    plain = corpus()
    nameless = replace(plain.segments[3], speaker="")
    with pytest.raises(CorpusError, match="segment 's00_03' has no speaker, by which the recipe splits"):
        with_splits(replace(plain, segments=(*plain.segments[:3], nameless)), LeaveOneOut(leave_one_out="speaker"))


def test_a_table(tmp_path: Path) -> None:
    (tmp_path / "splits.csv").write_text("\ufeffrecording, split\nr0, train\nr1 ,test\nr0,train\n", encoding="utf-8")
    found = with_splits(corpus(speakers=4, root=tmp_path), TableSplit(file="splits.csv"))
    assert units(found, "recording") == {"r0": {"train"}, "r1": {"test"}}
    assert found.notes == ()


def test_lists(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("speaker 0\n\n speaker 2 \r\n")
    (tmp_path / "b.txt").write_text("speaker 1\nspeaker 3")
    way = ListSplit(files={"train": "a.txt", "test": "b.txt"}, by="speaker")
    found = with_splits(corpus(speakers=4, root=tmp_path), way)
    assert units(found, "speaker") == {f"speaker {n}": {"train" if n % 2 == 0 else "test"} for n in range(4)}


def test_what_a_file_leaves_out_and_what_the_corpus_lacks_is_noted(tmp_path: Path) -> None:
    (tmp_path / "splits.csv").write_text("recording,split\nr0,train\nr7,test\nr8,test\nr9,\nr1,\n")
    plain = replace(corpus(speakers=4, each=2, root=tmp_path), notes=("before",))
    found = with_splits(plain, TableSplit(file="splits.csv"))
    assert sizes(found) == {"train": 4, "": 4}
    assert found.notes == (
        "before",
        "4 of 8 segments are in no split (s02_00, s02_01, s03_00, ...)",
        "the split lists 3 ids that no recording of the corpus has (r7, r8, r9)",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("recording,splt\nr0,train\n", r"has the columns recording, splt; expected 'split' and one of segment, record"),
        ("recording,speaker,split\nr0,a,train\n", "expected 'split' and one of segment, recording, speaker"),
        ("recording,split\nr0,train\nr0,test\n", "'r0' is in the splits 'train' and 'test'; expected one"),
        ("recording,split\nr77,train\n", r"the recipe's split lists no recording of this corpus; .*\(r77\)"),
        ("recording,split\nr0,train\nr1,test,7\n", r"not a CSV file in UTF-8 \(.*line 3, saw 3"),
        ("recording,split,split\nr0,train,test\n", "has the columns recording, split, split; expected 'split' and one"),
        ("", r"not a CSV file in UTF-8 \("),
        (b"recording,split\nr\xff,train\n", r"not a CSV file in UTF-8 \("),
        (None, "cannot be read .no such file or directory.; expected the recipe's splits"),
    ],
)
def test_a_table_that_does_not_fit(content: str | bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "splits.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CorpusError, match=message):
        with_splits(corpus(root=tmp_path), TableSplit(file="splits.csv"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"r0\n", "'r0' is in the splits 'a' and 'b'; expected one"),
        (b"\xff\n", "not text in UTF-8; expected one recording a line"),
        (None, "cannot be read .no such file or directory.; expected the recipe's splits"),
    ],
)
def test_lists_that_do_not_fit(content: bytes | None, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("r0\n")
    if content is not None:
        (tmp_path / "b.txt").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        with_splits(corpus(root=tmp_path), ListSplit(files={"a": "a.txt", "b": "b.txt"}, by="recording"))


@pytest.mark.parametrize(
    ("names", "keys", "expected"),
    [
        (("train", "test"), "", {"train": ("train",)}),
        (("a", "b"), "", {}),
        (("", ""), "", {}),
        (("train", "test"), "statistics: none", {}),
        (("train", "valid", "test"), "statistics: {split: [train, valid]}", {"train+valid": ("train", "valid")}),
        (
            ("fold0", "fold1", "fold2"),
            "split: {by: segment, folds: 3}",
            {
                "without fold0": ("fold1", "fold2"),
                "without fold1": ("fold0", "fold2"),
                "without fold2": ("fold0", "fold1"),
            },
        ),
        (("Ses01", "Ses02"), "statistics: folds", {"without Ses01": ("Ses02",), "without Ses02": ("Ses01",)}),
        (("a", "b"), "split: {leave_one_out: speaker}", {"without a": ("b",), "without b": ("a",)}),
        (("fold0", "fold1"), "split: {by: segment, folds: 2}\nstatistics: none", {}),
    ],
)
def test_statistics_tables(names: tuple[str, ...], keys: str, expected: dict[str, tuple[str, ...]]) -> None:
    recipe = parse_recipe(f"tracks: {{mfcc: {{}}}}\nalign: {{a: {{tracks: [mfcc], timeline: segment}}}}\n{keys}\n", "r")
    segments = [Segment(id=str(number), recording="r", split=name) for number, name in enumerate(names)]
    assert statistics_tables(recipe, segments) == expected


@pytest.mark.parametrize(
    ("names", "keys", "message"),
    [
        (("train", "test"), "{split: trian}", "statistics of the split 'trian', .*; did you mean 'train'"),
        (("",), "{split: train}", "statistics of the split 'train', in which no segment is; there are none"),
        (("one",), "folds", "statistics of folds; expected 2 splits or more, found 1"),
    ],
)
def test_statistics_of_splits_that_are_not_there(names: tuple[str, ...], keys: str, message: str) -> None:
    text = f"tracks: {{mfcc: {{}}}}\nalign: {{a: {{tracks: [mfcc], timeline: segment}}}}\nstatistics: {keys}\n"
    segments = [Segment(id=str(number), recording="r", split=name) for number, name in enumerate(names)]
    with pytest.raises(RecipeError, match=message):
        statistics_tables(parse_recipe(text, "r"), segments)
