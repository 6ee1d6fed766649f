"""Reading a store in training. What needs torch imports it at first use; the rest needs numpy, h5py and pandas only."""

import importlib
from typing import TYPE_CHECKING, Any

from .augmentation import Augmentation, ModalityDropout, Occasion, TimeStepDropout, TimeStepNoise
from .epochs import BatchSampler
from .order import BatchOrder
from .padding import Padding
from .ring import RingLoader
from .segments import Segments

if TYPE_CHECKING:
    from .collation import collate, collate_nested, collate_packed
    from .dataset import SegmentDataset, SegmentStream
    from .device import TorchLoader, to_device

__all__ = [
    "Augmentation",
    "BatchOrder",
    "BatchSampler",
    "ModalityDropout",
    "Occasion",
    "Padding",
    "RingLoader",
    "SegmentDataset",
    "SegmentStream",
    "Segments",
    "TimeStepDropout",
    "TimeStepNoise",
    "TorchLoader",
    "collate",
    "collate_nested",
    "collate_packed",
    "to_device",
]

_NEED_TORCH = {
    "SegmentDataset": "dataset",
    "SegmentStream": "dataset",
    "TorchLoader": "device",
    "collate": "collation",
    "collate_nested": "collation",
    "collate_packed": "collation",
    "to_device": "device",
}


def __getattr__(name: str) -> Any:
    if name not in _NEED_TORCH:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f".{_NEED_TORCH[name]}", __name__), name)
