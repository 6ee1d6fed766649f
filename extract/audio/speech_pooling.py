"""Pooling of frames that come piece by piece."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pool = Literal["mean", "max", "mean_std"]
PREFIXES: dict[Pool, tuple[str, ...]] = {"mean": ("",), "max": ("",), "mean_std": ("mean_", "std_")}
"""What the parts of a pooled vector are called."""


class RunningPool:
    """The mean, the maximum, or mean and standard deviation (of all frames, not of a sample) of some frames."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._count = 0
        self._sum: NDArray[np.float64] = np.zeros(())
        self._squares: NDArray[np.float64] = np.zeros(())
        self._largest: NDArray[np.float64] = np.full((), -np.inf)

    def add(self, frames: NDArray[np.float32]) -> None:
        """Take more frames, shape (n, values), n at least 1."""
        self._count += len(frames)
        if self._pool == "max":
            self._largest = np.maximum(self._largest, frames.max(axis=0))
            return
        self._sum = self._sum + frames.sum(axis=0, dtype=np.float64)
        if self._pool == "mean_std":
            self._squares = self._squares + np.square(frames, dtype=np.float64).sum(axis=0)

    def vector(self) -> NDArray[np.float32]:
        """Return what was pooled, shape (values,), twice as long for ``mean_std``; there must have been a frame."""
        if self._pool == "max":
            return self._largest.astype(np.float32)
        mean = self._sum / self._count
        if self._pool == "mean":
            return mean.astype(np.float32)
        variance = np.maximum(self._squares / self._count - mean**2, 0.0)
        return np.concatenate([mean, np.sqrt(variance)]).astype(np.float32)
