import csv
from pathlib import Path

import pytest
from exchange_stores import Made, make_store

from trimodal.exchange import export
from trimodal.store import StoreError


def test_a_reader_of_tabs_gives_text_and_label_back(tmp_path: Path) -> None:
    rows = {"audio": 1}
    segments = [
        Made(id="a", recording="a", split="train", rows=rows, label=-1.6, text='it\'s\ta "good"\none'),
        Made(id="b", recording="b", split="train", rows=rows, label=0.1, text=""),
        Made(id="c", recording="c", split="test", rows=rows, label=1, text="über"),
    ]
    store = make_store(tmp_path / "a.store", segments)
    out = tmp_path / "train.tsv"
    assert export(store, "cm-bert", out, {"label": "sentiment", "split": "train"}) == ["1 segments have no text"]
    with open(out, encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert header == ["text", "label"]
    assert [(text, float(label)) for text, label in lines] == [('IT\'S A "GOOD" ONE', -1.6), ("", 0.1)]
    assert export(store, "cm-bert", out, {"label": "sentiment"})
    assert out.read_text(encoding="utf-8").endswith("ÜBER\t1.0\n")
    with pytest.raises(StoreError, match=r"no segment is in the split 'dev'; known: test, train"):
        export(store, "cm-bert", out, {"label": "sentiment", "split": "dev"})
