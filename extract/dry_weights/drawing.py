"""Random numbers that are always the same, and leave those of the caller alone."""

from collections.abc import Iterator
from contextlib import contextmanager

_SEED = 0


@contextmanager
def same_draws() -> Iterator[None]:
    """Let torch draw the same numbers on the CPU inside, and go on as before afterwards."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_SEED)
        yield
