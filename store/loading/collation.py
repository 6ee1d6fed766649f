"""Collate functions for a torch DataLoader."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import StoreError, require_packages
from ..reader import Sample
from .buffers import BatchMemory
from .padding import Padding, make_batch
from .segments import GatheredSegments

require_packages("trimodal.store.loading.collation", ["torch"], "torch")

import torch  # noqa: E402

_PADDING = Padding()


def collate(samples: Sequence[Sample], padding: Padding = _PADDING) -> dict[str, Any]:
    """Make a batch of padded tensors; for another padding ``functools.partial(collate, padding=Padding(...))``.

    Parameters
    ----------
    samples
        Segments of one store.
    padding
        How they are padded; by default behind their rows, to the longest.

    Returns
    -------
    dict
        As `make_batch` describes it, with tensors for arrays.

    Raises
    ------
    ParameterError
        If the padding names an output that is not there.
    """
    padding.check_names(samples[0].outputs)
    return as_tensors(make_batch(GatheredSegments.of(samples), padding, BatchMemory()))


def collate_packed(samples: Sequence[Sample], padding: Padding = _PADDING) -> dict[str, Any]:
    """Make a batch of which every output's ``values`` are a PackedSequence, as recurrent layers take it.

    The rest is as in `collate`. Of ``padding`` only ``max_length`` and ``keep`` have a meaning.

    Raises
    ------
    StoreError
        If a segment has no rows of an output: nothing can be packed of it.
    """
    batch = collate(samples, padding)
    for name in samples[0].outputs:
        rows = _tensors(samples, name, padding)
        if empty := [sample.id for sample, one in zip(samples, rows, strict=True) if not len(one)]:
            raise StoreError(f"segment '{empty[0]}' has no rows of '{name}' to pack; leave it out, or pad")
        batch[name]["values"] = torch.nn.utils.rnn.pack_sequence(rows, enforce_sorted=False)
    return batch


def collate_nested(samples: Sequence[Sample], padding: Padding = _PADDING) -> dict[str, Any]:
    """Make a batch of which every output's ``values`` are a nested tensor (jagged), which has no padding.

    The rest is as in `collate`. Of ``padding`` only ``max_length`` and ``keep`` have a meaning.
    """
    batch = collate(samples, padding)
    for name in samples[0].outputs:
        rows = _tensors(samples, name, padding)
        batch[name]["values"] = torch.nested.nested_tensor(rows, layout=torch.jagged)
    return batch


def as_tensors(batch: dict[str, Any]) -> dict[str, Any]:
    """Return a batch with tensors that share the memory of its arrays."""
    return {key: as_tensors(value) if isinstance(value, dict) else _shared(value) for key, value in batch.items()}


def _shared(value: Any) -> Any:
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _tensors(samples: Sequence[Sample], output: str, padding: Padding) -> list[torch.Tensor]:
    # Copies: the store cannot be written, and tensors cannot be read-only.
    kept = padding.cut(output, [sample.outputs[output].values for sample in samples])
    return [torch.from_numpy(np.array(values)) for values in kept]
