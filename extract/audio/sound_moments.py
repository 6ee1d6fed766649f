"""Means and variances of a whole sound, measured piece by piece."""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_BLOCK = 1 << 18
"""Samples, or windows of samples, that are read at once."""


def moments(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Return the mean and the variance of samples of shape (n,), n at least 1."""
    mean = sum(float(block.sum()) for block in _blocks(samples)) / len(samples)
    variance = sum(float(((block - mean) ** 2).sum()) for block in _blocks(samples)) / len(samples)
    return mean, variance


def window_moments(
    samples: NDArray[np.float32], length: int, hop: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means and covariances of the samples at the same place of all windows.

    The output of a convolution over the whole sound has the mean ``w @ means`` and the variance ``w @ covariances @ w``
    for every channel with the weights ``w`` and no bias.

    Parameters
    ----------
    samples
        Shape (n,), n at least ``length``.
    length, hop
        Of the windows, in samples; the first starts with the sound and the last lies in it.

    Returns
    -------
    means, covariances
        Shapes (length,) and (length, length).
    """
    count = (len(samples) - length) // hop + 1
    centre = float(np.mean(samples[:_BLOCK], dtype=np.float64))  # near the mean, so that nothing cancels
    sums, products = np.zeros(length), np.zeros((length, length))
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        block = samples[start * hop : (stop - 1) * hop + length].astype(np.float64) - centre
        windows = sliding_window_view(block, length)[::hop]
        sums += windows.sum(axis=0)
        products += windows.T @ windows
    means = sums / count
    return means + centre, products / count - np.outer(means, means)


def _blocks(samples: NDArray[np.float32]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(samples), _BLOCK):
        yield samples[start : start + _BLOCK].astype(np.float64)
