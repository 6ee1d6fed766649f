"""Errors of published pipelines, planted in miniatures of their corpora, through recipes into stores: audits find them.

What cannot get into a store has its test where it is prevented; docs/audit.md names each.
"""

import ast
import csv
import re
import shutil
from pathlib import Path

import pytest
from miniature_afew_va import CLIPS, valence
from miniature_iemocap import make_iemocap
from miniature_mmsa import COLUMNS, SIMS, write_sims
from miniature_mosi import write_glove, write_mosi

from trimodal.audit import audit
from trimodal.corpus import read_corpus
from trimodal.pipeline import run
from trimodal.recipe import load_recipe
from trimodal.store import FeatureStore

DOCUMENT = Path(__file__).parents[2] / "docs/audit.md"
SOUND = "tracks:\n  mfcc: {}\nalign:\n  audio: {tracks: [mfcc], timeline: none}\n"


def store_of(corpus: Path, recipe: str, folder: Path, layout: str = "auto") -> FeatureStore:
    """Return the store of a corpus by the YAML of a recipe."""
    (folder / "recipe.yaml").write_text(recipe)
    report = run(read_corpus(corpus, layout), load_recipe(str(folder / "recipe.yaml")), folder / "s.store")
    assert report.extraction.failures == ()
    return FeatureStore(report.store)


@pytest.fixture
def sims(tmp_path: Path) -> Path:
    return write_sims(tmp_path / "SIMS")


def with_clip(corpus: Path, name: str, mode: str) -> None:
    """Add a clip to CH-SIMS: a copy of one that is there, under another name."""
    (corpus / "Raw" / name).parent.mkdir(exist_ok=True)
    shutil.copy(corpus / "Raw" / f"{SIMS[0].name}.mp4", corpus / "Raw" / f"{name}.mp4")
    row = [*name.split("/"), "we are here at last and nobody knew", 0.5, 0, 0, 0, "Positive", mode]
    with open(corpus / "label.csv", "a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(row)


def test_a_train_set_that_contains_the_test_set(sims: Path, tmp_path: Path) -> None:
    """1: the train loader of 000 reads all three splits; here with its clips under other names."""
    with_clip(sims, "video_0098/0001", "test")
    with_clip(sims, "video_0099/0001", "train")
    found = audit(store_of(sims, SOUND, tmp_path))
    of_media = "recordings of the same media file are in the splits test, train, valid: "
    assert [line for line in found if line.startswith(of_media)]
    of_texts = "texts of 5 words or more are nearly the same in two splits (test+train 1)"
    assert f"1 pairs of {of_texts}: video_0098/0001 and video_0099/0001" in found


@pytest.mark.parametrize("splits", ["test", "[train, test]"])
def test_statistics_of_the_test_set(splits: str, sims: Path, tmp_path: Path) -> None:
    """2: the slides of 003 normalise by the test set."""
    found = audit(store_of(sims, SOUND + f"statistics: {{split: {splits}}}\n", tmp_path))
    assert [line for line in found if re.match(r"statistics '.*test' are of test; expected those of train alone", line)]


def test_random_utterances(tmp_path: Path) -> None:
    """4, 5: 001 and 003 share utterances of IEMOCAP out at random; 002 and 003 choose a model on the test set."""
    corpus = make_iemocap(tmp_path / "IEMOCAP", has_video=False)
    split = "split: {by: segment, ratios: {train: 0.8, test: 0.2}, seed: 1}\n"
    store = store_of(corpus, SOUND + split, tmp_path, "iemocap-sentences")
    assert store.manifest.layout == "iemocap-sentences"
    found = audit(store)
    starts = [line.partition(" of ")[0].rstrip("0123456789 ") for line in found]
    assert starts[0] == "there is no split for validation beside train and test: a model would be chosen on test data"
    assert {"speaker:", "dialogue:", "session:"} <= set(starts)


def test_clips_whose_unit_is_not_said(tmp_path: Path) -> None:
    """4: 004 splits AFEW-VA 70/15/15, the code by clip: an actor is in several."""
    lines = ["recording,media,duration,speaker,annotation:valence"]
    for id, clip in CLIPS.items():
        rows = [f"{number / 25},{valence(number)}" for number in range(clip.frames)]
        (tmp_path / f"{id}.csv").write_text("\n".join(["time,valence", *rows, ""]))
        lines.append(f"{id},,{clip.frames / 25},{clip.actor},{id}.csv")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    recipe = (
        "tracks:\n  valence: {extractor: annotation, annotation: valence}\n"
        "align:\n  ratings: {tracks: [valence], timeline: none}\n"
        "segments: {windows: {length_seconds: 0.4, hop_seconds: 0.2}}\n"
        "split: {by: segment, ratios: {train: 0.5, valid: 0.25, test: 0.25}}\n"
    )
    (line,) = [line for line in audit(store_of(tmp_path, recipe, tmp_path)) if line.startswith("speaker")]
    assert re.match(r"speaker: [12] of 4 in several splits", line)
    assert not [line for line in audit(FeatureStore(tmp_path / "s.store")) if line.startswith("recording")]


def test_both_ends_of_one_clip(tmp_path: Path) -> None:
    """15: MultiBench keeps the first 50 words of the text and the last 50 of sound and pictures."""
    corpus = write_mosi(tmp_path / "MOSI", "none")
    changes = [f"tracks.glove.vectors_file={write_glove(tmp_path / 'glove.txt')}", "align.text.keep=first"]
    report = run(read_corpus(corpus), load_recipe("shi-2024-code", changes), tmp_path / "s.store")
    ends = [line for line in audit(FeatureStore(report.store)) if "cut off at different ends" in line]
    assert [line.partition(" (")[0] for line in ends] == ["outputs 'audio' and 'text'", "outputs 'text' and 'vision'"]
    assert all("in 1 segments" in line for line in ends)


def test_class_numbers_do_not_depend_on_what_comes_first(sims: Path, tmp_path: Path) -> None:
    """18: the code of 002 numbers classes as they first appear, so those of a test set are others."""
    recipe = SOUND + "labels:\n  annotation: {merge: {Negative: 0, Neutral: 1, Positive: 2}}\n"
    expected = {row.name: ["Negative", "Neutral", "Positive"].index(row.annotation) for row in SIMS}
    for number, rows in enumerate((SIMS, SIMS[::-1], SIMS[2:])):
        with open(sims / "label.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *(row.cells for row in rows)])
        folder = tmp_path / str(number)
        folder.mkdir()
        segments = store_of(sims, recipe, folder).segments
        assert dict(zip(segments["id"], segments["annotation"], strict=True)) == {
            row.name: expected[row.name] for row in rows
        }


KINDS = {"found": "audit(", "refused": "refused(", "impossible": "assert"}
"""What a row of the table says becomes of an error; and what at least one of its tests must then do."""


def sources_of(file: Path) -> dict[str, str]:
    """Return the source of every test in a file, with that of the functions of the file that it calls."""
    source = file.read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    found = {}
    for name, node in functions.items():
        called = {one.func.id for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
        parts = [node, *(functions[helper] for helper in called & functions.keys() - {name})]
        if name.startswith("test_"):
            found[name] = "\n".join(ast.get_source_segment(source, part) or "" for part in parts)
    return found


def test_every_error_has_its_test() -> None:
    """Each published error is in the table, and its tests are there and do what it says becomes of the error."""
    rows = [
        line.strip("| ").split(" | ") for line in DOCUMENT.read_text(encoding="utf-8").split("\n") if "test_" in line
    ]
    listed = [*map(str, range(1, 15)), "14b", "14c", "14d", "15", "16", "17", "18"]
    assert [number for number, *_ in rows] == listed
    for number, _, kind, here, tests in rows:
        named = re.findall(r"`(\S+\.py)::(\w+)`", tests)
        sources = [sources_of(DOCUMENT.parents[1] / "tests" / file)[name] for file, name in named]
        assert sources and here, number
        assert all("assert" in source or "raises(" in source for source in sources), number
        assert any(KINDS[kind] in source for source in sources), (number, kind)
