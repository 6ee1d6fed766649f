"""Two processes that train together over torch.distributed."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch.distributed as dist
import torch.multiprocessing
from stores import write_store
from two_ranks import train

from trimodal.store import FeatureStore
from trimodal.store.loading import BatchOrder, Segments, TorchLoader


@pytest.mark.skipif(not dist.is_gloo_available(), reason="torch was built without gloo")
@pytest.mark.parametrize("remainder", ["keep", "drop"])
def test_ranks_share_an_epoch(tmp_path: Path, remainder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo" if sys.platform == "linux" else "lo0")
    path = write_store(tmp_path / "s.store")
    order = {"batch_size": 2, "bucket_by": "text", "seed": 3, "remainder": remainder}
    torch.multiprocessing.spawn(train, (2, path, order, tmp_path), nprocs=2)
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)]
    assert ranks[0]["total"] == ranks[1]["total"] != 0
    values = {sample.id: sample.outputs["video"].values.sum(dtype="f8") for sample in FeatureStore(path)}
    assert ranks[0]["total"] == pytest.approx(
        sum(values[name] for rank in ranks for epoch in rank["epochs"] for batch in epoch for name in batch)
    )
    alone = TorchLoader(Segments(path), BatchOrder(batch_size=4, bucket_by="text", seed=3, remainder=remainder))
    for epoch in range(2):
        one, other = (rank["epochs"][epoch] for rank in ranks)
        assert [len(batch) for batch in one] == [len(batch) for batch in other]
        seen = Counter(name for batch in one + other for name in batch)
        # Nine segments: two ranks that keep all of them read one of these twice, or leave one out.
        assert sorted(seen.values()) == ([1] * 8 + [2] if remainder == "keep" else [1] * 8)
        assert set(seen) == {name for batch in alone for name in batch["id"]}
    assert ranks[0]["epochs"][0] != ranks[0]["epochs"][1]
