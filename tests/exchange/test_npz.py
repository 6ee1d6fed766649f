from pathlib import Path

import numpy as np
from exchange_stores import ALIGNED, make_store, values

from trimodal.exchange import export


def test_numpy_reads_it_without_pickle(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a.store", ALIGNED)
    assert export(store, "numpy", tmp_path / "a.npz", {"outputs": "text"}) == []
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    assert arrays["segments.id"].tolist() == [segment.id for segment in ALIGNED]
    assert arrays["segments.text"].tolist()[2] == "字 three"
    assert arrays["segments.sentiment"].tolist() == [-1.4, 0.0, 0.6, 3.0, 1.0]
    assert arrays["text.names"].tolist() == ["a.x", "a.y", "a.z"]
    first, last = arrays["text.offsets"][2:4]
    np.testing.assert_array_equal(arrays["text.values"][first:last], values("v/0001", "text", 5))
    assert arrays["text.text"].tolist()[:3] == ["wörd0", "wörd1", "wörd2"]
    assert arrays["text.times"].dtype == np.float64
    export(store, "numpy", tmp_path / "b.npz", {"outputs": "text"})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
