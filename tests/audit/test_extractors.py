"""What extractors have seen and what they have not, planted in stores and found."""

import json
from pathlib import Path

import pytest
from audited_stores import Made, clean, write

from trimodal.audit import audit
from trimodal.store import FeatureStore

EXTRACTOR = {
    "extractor": "timm_embedding",
    "parameters": {"architecture": "efficientnet_b1", "weights_file": "weights/radiant_fog_160.pth"},
}
LEAK = "track 'face': the model 'weights/radiant_fog_160.pth' was trained on SEWA, of which this store is"


@pytest.mark.parametrize(
    ("path", "name", "corpus", "found"),
    [
        ("sewa.store", "faces", None, [LEAK]),
        ("s.store", "sewa-video", None, [LEAK]),
        ("s.store", "faces", "sewa", [LEAK]),
        ("s.store", "faces", None, []),
        ("sewa.store", "faces", "IEMOCAP", []),
        ("iemocap.store", "faces", None, []),
    ],
)
def test_an_extractor_trained_on_the_corpus(
    path: str, name: str, corpus: str | None, found: list[str], tmp_path: Path
) -> None:
    made = Made(media={}, tracks={"face": json.dumps(EXTRACTOR)})
    assert audit(write(tmp_path / path, clean(), made, recipe_name=name), corpus=corpus) == found


def test_the_layout_tells_the_corpus(tmp_path: Path) -> None:
    made = Made(media={}, tracks={"face": json.dumps(EXTRACTOR)})
    assert audit(write(tmp_path / "s.store", clean(), made, layout="sewa")) == [LEAK]
    assert audit(write(tmp_path / "t.store", clean(), made, layout="meld")) == []


def test_a_dry_run_says_what_the_real_models_have_seen(tmp_path: Path) -> None:
    """Its own are stand-ins, which have other names and have seen nothing."""
    recipe = "tracks:\n  face: {weights_file: weights/radiant_fog_160.pth}\n  mfcc:\n"
    made = Made(media={}, tracks={"face": json.dumps({"parameters": {"weights_file": "stand-in.pt"}})})
    changes = {"layout": "sewa", "recipe_text": recipe}
    assert audit(write(tmp_path / "dry.store", clean(), made, **changes, dry_weights=True)) == [LEAK]
    assert audit(write(tmp_path / "real.store", clean(), made, **changes)) == []


def test_tokens_that_nothing_trained(tmp_path: Path) -> None:
    made_by = {"extractor": "bert", "parameters": {"added_tokens": ["<sil>", "++laughter++"]}}
    plain = {"extractor": "bert", "parameters": {"added_tokens": []}}
    made = Made(media={}, tracks={"bert": json.dumps(made_by), "plain": json.dumps(plain)})
    assert audit(write(tmp_path / "s.store", clean(), made)) == [
        "track 'bert': nothing has trained the embeddings of the added tokens <sil>, ++laughter++"
    ]


@pytest.mark.parametrize("provenance", ['{"tracks": 3, "sources": [1]}', '{"tracks": {"a": {}}, "sources": {"a": 1}}'])
def test_provenance_of_anybody(provenance: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = write(tmp_path / "sewa.store", clean())
    monkeypatch.setattr(FeatureStore, "provenance", [json.loads(provenance)])
    assert audit(store) == []


def test_a_recipe_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    assert audit(write(tmp_path / "s.store", clean(), recipe_text="[", dry_weights=True)) == []
