"""Batches as torch tensors, on a device before they are asked for."""

from collections import deque
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, one_line, require_packages
from .buffers import BatchMemory, PooledMemory, allocate
from .collation import as_tensors
from .order import BatchOrder
from .padding import Padding
from .ring import RingLoader
from .segments import Segments

require_packages("trimodal.store.loading.device", ["torch"], "torch")

import torch  # noqa: E402

_SERIAL_NUMBERS = 2**15
"""What torch does on one thread (`at::internal::GRAIN_SIZE`)."""


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

    On a CPU tensors share the memory of the ring, and half precision is widened as it is copied there. For a CUDA
    device the ring is pinned memory, from which a stream of its own copies.

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
        self._device = _device(device)
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

    def _new_memory(self, outputs: Sequence[str], spare: int) -> BatchMemory:
        if self._device.type == "cuda":
            return PooledMemory(outputs, _allocate_pinned, spare)
        return _WideMemory(outputs, allocate, spare)


def _device(name: torch.device | str) -> torch.device:
    """Return a device that can hold batches. Raises `ParameterError` for any other."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ParameterError(f"device: '{name}' is none; expected 'cpu' or 'cuda'") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ParameterError(f"device: '{name}'; no CUDA device is there, expected 'cpu'")
    try:
        torch.zeros(1).to(device).cpu()
    except (RuntimeError, NotImplementedError, AssertionError) as error:
        raise ParameterError(f"device: '{name}' cannot be used ({one_line(error)}); expected 'cpu' or 'cuda'") from None
    return device


class _WideMemory(PooledMemory):
    """Memory for values in which half precision is widened as it is copied."""

    def array(self, output: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        return super().array(output, shape, np.dtype(np.float32) if dtype == np.float16 else dtype)

    def join(self, pieces: Sequence[NDArray[Any]], target: NDArray[Any]) -> None:
        if pieces[0].dtype == target.dtype:
            super().join(pieces, target)
            return
        first = 0
        for piece in pieces:
            last = first + len(piece)
            if piece.strides[0]:
                _widen(target[first:last].reshape(-1), piece.reshape(-1))
            else:
                target[first:last] = 0
            first = last


def _widen(target: NDArray[np.float32], halves: NDArray[np.float16]) -> None:
    """Copy half precision into single precision, both of one dimension and contiguous.

    numpy widens one number at a time; torch does it 25 times as fast, but shares more numbers than `_SERIAL_NUMBERS`
    among threads, which wait for each other for milliseconds where others keep the cores busy.
    """
    # Tensors cannot be read-only, as views of the store are.
    piece = np.empty(min(len(halves), _SERIAL_NUMBERS), np.float16)
    tensor, wide = torch.from_numpy(piece), torch.from_numpy(target)
    for first in range(0, len(halves), _SERIAL_NUMBERS):
        count = min(len(halves) - first, _SERIAL_NUMBERS)
        piece[:count] = halves[first : first + count]
        wide[first : first + count].copy_(tensor[:count])


def _allocate_pinned(size: int) -> NDArray[np.uint8]:
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
