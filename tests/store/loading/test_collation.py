from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from stores import write_store

from trimodal.errors import StoreError
from trimodal.store import Sample
from trimodal.store.loading import Padding, SegmentDataset, collate, collate_nested, collate_packed


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    dataset = SegmentDataset(write_store(tmp_path_factory.mktemp("collation") / "s.store"))
    return [dataset[index] for index in (1, 2, 3, 4)]


def test_another_padding(samples: list[Sample]) -> None:
    batch = partial(collate, padding=Padding(side="left", max_length=3, keep="last"))(samples)
    assert batch["text"]["lengths"].tolist() == [3, 2, 3, 3]
    np.testing.assert_array_equal(batch["text"]["values"][0], samples[0].outputs["text"].values[-3:])
    assert not batch["text"]["values"][1, 0].any()


def test_packed_as_recurrent_layers_take_it(samples: list[Sample]) -> None:
    packed = collate_packed(samples, Padding(max_length=4))["text"]["values"]
    padded = collate(samples, Padding(max_length=4))["text"]
    again, lengths = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    assert torch.equal(again, padded["values"])
    assert torch.equal(lengths, padded["lengths"])
    _, last = torch.nn.GRU(3, 2, batch_first=True)(packed)
    assert last.shape == (1, 4, 2)


def test_nothing_can_be_packed_of_no_rows(tmp_path: Path) -> None:
    dataset = SegmentDataset(write_store(tmp_path / "s.store"))
    with pytest.raises(StoreError, match="segment 'one_0' has no rows of 'text' to pack; leave it out, or pad"):
        collate_packed([dataset[1], dataset[0]])


def test_nested(samples: list[Sample]) -> None:
    nested = collate_nested(samples, Padding(max_length=4))["text"]["values"]
    assert nested.is_nested
    for tensor, sample in zip(nested.unbind(), samples, strict=True):
        np.testing.assert_array_equal(tensor, sample.outputs["text"].values[:4])
    # The store stays as it is when a batch is written.
    before = samples[0].outputs["text"].values.copy()
    nested.values().add_(1)
    np.testing.assert_array_equal(samples[0].outputs["text"].values, before)
