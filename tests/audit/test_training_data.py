from pathlib import Path

import pytest

from trimodal.audit.training_data import CORPORA, TRAINED, known_corpus, named_corpora, trained_on
from trimodal.errors import UsageError


@pytest.mark.parametrize(
    ("name", "corpora"),
    [
        ("speechbrain/emotion-recognition-wav2vec2-IEMOCAP", {"IEMOCAP"}),
        ("someone/roberta_cmu-mosei_sentiment", {"CMU-MOSEI"}),
        ("bert-mosi", {"CMU-MOSI"}),
        ("weights/affectnet8.pth", {"AffectNet"}),
        ("AFEW-VA.store", {"AFEW-VA"}),
        ("afewva sewa", {"AFEW-VA", "SEWA"}),
        ("superb/hubert-large-superb-er", {"IEMOCAP"}),
        ("superb/hubert-large-superb-sid", set()),
        ("audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim", {"MSP-Podcast"}),
        ("bert-base-uncased", set()),
        ("melding/simsalabim", set()),
        ("/data/radiant_fog_160.pth", {*TRAINED[0].corpora}),
        ("iic/emotion2vec_plus_large", {"CMU-MOSEI", "IEMOCAP", "MELD", "MSP-Podcast"}),
        ("weights/enet_b0_8_best_afew.pt", {"AffectNet"}),
        ("emonet_8.pth", {"AffectNet"}),
        ("emonet", set()),
        ("ehcalabres/wav2vec2-lg-xlsr-en-speech-emotion-recognition", {"RAVDESS"}),
        ("j-hartmann/emotion-english-distilroberta-base", {"MELD"}),
        ("bert-ch-sims", {"CH-SIMS"}),
        ("SIMS", {"CH-SIMS"}),
        ("data/sims/best.pt", {"CH-SIMS"}),
        ("my-sims-model", set()),
        ("the_sims_4", set()),
        ("someone/resnet-fer2013", {"FER2013"}),
        ("offer2013", set()),
    ],
)
def test_what_a_model_has_seen(name: str, corpora: set[str]) -> None:
    nested = {"parameters": {"size": 3, "inner": {"models": [name]}}}
    assert trained_on(nested) == ({name: corpora} if corpora else {})


def test_steps_of_cleaning_are_no_models() -> None:
    assert trained_on({"parameters": {"clean": ["iemocap", "lower"], "asr_model": "base"}}) == {}


def test_names_of_stores() -> None:
    assert named_corpora("my_sewa_25hz.store sewa-video") == {"SEWA"}
    assert named_corpora("quickstart sample.store") == set()


@pytest.mark.parametrize("made_by", [{}, {"parameters": None}, {"parameters": [1, None, {}]}])
def test_provenance_without_names(made_by: dict[str, object]) -> None:
    assert trained_on(made_by) == {}


def test_the_page_prints_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    rows = [f"| {one.models} | {', '.join(one.corpora)} | {one.source} |" for one in TRAINED]
    table = "\n".join(["| models | trained on | source |", "|---|---|---|", *rows])
    assert f"\n{table}\n\n" in page
    assert all(corpus in CORPORA for one in TRAINED for corpus in one.corpora)


def test_known_corpora() -> None:
    assert known_corpus("iemocap") == "IEMOCAP"
    with pytest.raises(UsageError, match="known to be trained on a corpus 'IEMOCAB'; did you mean 'IEMOCAP'"):
        known_corpus("IEMOCAB")
