"""In which precision networks multiply."""

from contextlib import AbstractContextManager
from typing import Literal

from ..errors import ParameterError

Precision = Literal["float32", "bfloat16", "float16"]
"""``float32`` on every device; ``bfloat16`` has three digits; ``float16`` four, on a GPU only."""


def convolving_exactly() -> AbstractContextManager[object]:
    """Return a context that keeps a GPU from convolving in TF32, which has three digits, as torch would by itself."""
    import torch

    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)


def multiplying_in(precision: Precision, device: str) -> AbstractContextManager[object]:
    """Return a context in which torch multiplies in ``precision`` on ``device``, where autocast finds that safe.

    Raises
    ------
    ParameterError
        If it is float16 and the device is not a GPU.
    """
    import torch

    if precision == "float16" and not device.startswith("cuda"):
        raise ParameterError(f"float16 needs a GPU, found the device '{device}'; take float32, or give cuda")
    kind = torch.device(device).type
    return torch.autocast(kind, getattr(torch, precision), enabled=precision != "float32")
