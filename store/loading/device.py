"""Batches as torch tensors, on a device before they are asked for."""

from collections import deque
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, require_packages
from .collation import as_tensors
from .order import BatchOrder
from .padding import Padding
from .ring import RingLoader
from .segments import Segments

require_packages("trimodal.store.loading.device", ["torch"], "torch")

import torch  # noqa: E402


def to_device(batch: dict[str, Any], device: torch.device | str) -> dict[str, Any]:
    """Return a batch of tensors on a device, with half precision widened to float32 there.

    Half as many bytes go to the device that way, and numpy, which widens one number at a time, has no part in it.
    """
    return {
        key: to_device(value, device) if isinstance(value, dict) else _moved(value, device)
        for key, value in batch.items()
    }


class TorchLoader(RingLoader):
    """The batches of `RingLoader` as tensors on a device, the next one being copied while the last is worked on.

    On a CPU tensors share the memory of the ring, and half precision is widened into fresh tensors. For a CUDA device
    the ring is pinned memory, from which a stream of its own copies.

    Parameters
    ----------
    segments, order, padding, threads, ahead
        As `RingLoader` takes them.
    device
        Where batches are wanted.

    Raises
    ------
    ParameterError
        If a number is below its range, or no such device is there.
    """

    def __init__(
        self,
        segments: Segments,
        order: BatchOrder | None = None,
        padding: Padding | None = None,
        *,
        device: torch.device | str = "cpu",
        threads: int = 2,
        ahead: int = 3,
    ) -> None:
        self._device = torch.device(device)
        if self._device.type == "cuda" and not torch.cuda.is_available():
            raise ParameterError(f"device: '{device}'; no CUDA device is there, expected 'cpu'")
        super().__init__(segments, order, padding, threads=threads, ahead=ahead)

    def _batches(self, epoch: int, batches: list[NDArray[np.int64]]) -> Generator[dict[str, Any], None, None]:
        filled = super()._batches(epoch, batches)
        try:
            if self._device.type == "cuda":
                yield from self._copied(filled)
            else:
                yield from (to_device(as_tensors(batch), self._device) for batch in filled)
        finally:
            filled.close()

    def _copied(self, filled: Generator[dict[str, Any], None, None]) -> Generator[dict[str, Any], None, None]:
        """Copy batches to the device, one ahead of the caller."""
        stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        copying: deque[tuple[dict[str, Any], dict[str, Any], torch.cuda.Event]] = deque()
        for batch in filled:
            tensors = as_tensors(batch)
            with torch.cuda.stream(stream):
                copying.append((tensors, to_device(tensors, self._device), stream.record_event()))
            if len(copying) > 1:
                yield self._finished(*copying.popleft())
        while copying:
            yield self._finished(*copying.popleft())

    def _finished(self, source: dict[str, Any], copied: dict[str, Any], event: torch.cuda.Event) -> dict[str, Any]:
        """Wait for a copy, up to which its source may not be filled again."""
        event.synchronize()
        _record(copied, torch.cuda.current_stream(self._device))
        return copied

    def _allocate(self, size: int) -> NDArray[np.uint8]:
        if self._device.type != "cuda":
            return super()._allocate(size)
        pinned: NDArray[np.uint8] = torch.empty(size, dtype=torch.uint8, pin_memory=True).numpy()
        return pinned


def _moved(value: Any, device: torch.device | str) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    moved = value.to(device, non_blocking=True)
    return moved.float() if moved.dtype == torch.float16 else moved


def _record(batch: dict[str, Any], stream: torch.cuda.Stream) -> None:
    """Tell the allocator that the tensors, made on another stream, are used on this one."""
    for value in batch.values():
        if isinstance(value, dict):
            _record(value, stream)
        elif isinstance(value, torch.Tensor):
            value.record_stream(stream)
