"""Dry runs, from a recipe whose weights nobody has to a store."""

from pathlib import Path

import numpy as np
import pytest

from trimodal.align import output_schemas
from trimodal.corpus import read_corpus
from trimodal.errors import MissingPackageError, ParameterError, StoreError, WeightsError
from trimodal.extract.plan import make_plan
from trimodal.extract.text.words import Words
from trimodal.extract.video.faces import Faces
from trimodal.pipeline import run
from trimodal.recipe import Recipe, dry_recipe, load_recipe, parse_recipe, recipe_names
from trimodal.store import FeatureStore, verify

TEXT = """
tracks:
  words: {aligner: ctc, asr: transformers, asr_model: openai/whisper-small}
  bert: {model: bert-base-uncased, layers: [-2, -1]}
  glove: {extractor: word_vectors, vectors_file: glove.840B.300d.txt}
  wavlm: {extractor: speech_model, model: microsoft/wavlm-base-plus}
  rms: {}
align:
  text: {tracks: [bert], timeline: words}
  glove: {tracks: [glove], timeline: words}
  audio: {tracks: [wavlm, rms], timeline: words}
"""


def _recipe(tracks: str) -> Recipe:
    return parse_recipe(f"tracks: {{rms: {{}}, {tracks}}}\nalign: {{a: {{tracks: [rms], timeline: none}}}}", "r.yaml")


def test_a_store_of_a_dry_run_has_everything_and_says_what_it_is(sample: Path, tmp_path: Path) -> None:
    corpus, recipe = read_corpus(sample, "auto"), parse_recipe(TEXT, "r.yaml")
    assert not recipe.dry_weights
    stores = []
    for name in ("a", "b"):
        dry = dry_recipe(recipe, tmp_path / f"{name}.work" / "dry-weights")
        assert dry.dry_weights and dry.text == recipe.text
        report = run(corpus, dry, tmp_path / name)
        assert report.written and not report.extraction.failures
        stores.append(FeatureStore(tmp_path / name, dry_weights=True))
    one, other = stores
    assert {name: schema.shape for name, schema in one.outputs.items()} == {
        "text": (768,),
        "glove": (300,),
        "audio": (769,),
    }
    assert all(np.isfinite(rows.values).all() for sample in one for rows in sample.outputs.values())
    assert one.manifest.dry_weights and all(part["dry_weights"] for part in one.provenance)
    # Where stand-ins lie does not matter.
    assert [file.sha256 for file in one.manifest.files] == [file.sha256 for file in other.manifest.files]
    assert verify(one.path) == []
    with pytest.raises(
        StoreError, match="a: made with --dry-weights, its numbers mean nothing; open it with dry_weigh"
    ):
        FeatureStore(tmp_path / "a")


def test_a_dry_store_is_never_taken_for_a_real_one(sample: Path, tmp_path: Path) -> None:
    """Also where the recipe has no weights at all, so that the tracks are the same."""
    corpus, real = read_corpus(sample, "auto"), _recipe("zero_crossing_rate: {}")
    assert run(corpus, dry_recipe(real, tmp_path / "dry"), tmp_path / "s").written
    report = run(corpus, real, tmp_path / "s")
    assert report.written and report.extraction.extracted == 0
    assert not FeatureStore(tmp_path / "s").manifest.dry_weights


def test_what_ships_inside_packages_stays(tmp_path: Path) -> None:
    quickstart = load_recipe("quickstart")
    assert dry_recipe(quickstart, tmp_path / "dry").tracks == quickstart.tracks
    assert not (tmp_path / "dry").exists()


def test_packaged_models_take_the_place_of_those_that_would_find_nothing_at_random(tmp_path: Path) -> None:
    recipe = _recipe("words: {aligner: ctc, asr: faster-whisper, asr_model: small}, yunet: {extractor: faces, "
                     "detector: yunet, weights_file: y.onnx, minimum_confidence: 0.3}")  # fmt: skip
    tracks = dry_recipe(recipe, tmp_path).tracks
    assert tracks["words"] == Words(asr="pocketsphinx", ctc_model=Words().ctc_model)
    assert tracks["yunet"] == Faces()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dry")


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_can_be_run_without_a_download(name: str, folder: Path) -> None:
    recipe = dry_recipe(load_recipe(name), folder)
    schemas = {track.name: track.schema for track in make_plan(recipe.tracks).tracks}
    assert set(output_schemas(recipe, schemas)) == set(recipe.align)


def test_errors_name_the_track(tmp_path: Path) -> None:
    recipe = _recipe("words: {}, text: {extractor: bert, model: me/mine}")
    with pytest.raises(WeightsError, match="track 'text': no stand-in is known for the model 'me/mine'"):
        dry_recipe(recipe, tmp_path)
    recipe = _recipe("speech: {extractor: speech_model, model: facebook/hubert-base-ls960, layers: 13}")
    with pytest.raises(ParameterError, match="track 'speech': layers must be from -13 to 12, found 13"):
        dry_recipe(recipe, tmp_path)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = _recipe("words: {}, text: {extractor: bert}")
    monkeypatch.setattr(type(recipe.tracks["text"]), "packages", ("no_such_package",))
    with pytest.raises(MissingPackageError, match=r"track 'text' \(bert\) needs the package 'no_such_package'"):
        dry_recipe(recipe, tmp_path)
