"""Keeping libraries to one thread: more make processes fight over cores, and can change the last digits."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def one_thread(modules: Collection[str]) -> Iterator[None]:
    """Let BLAS, OpenMP, OpenCV and torch use one thread; ``modules`` says which of the last two to import for it."""
    from threadpoolctl import threadpool_limits

    with ExitStack() as stack:
        if "torch" in modules:
            import torch

            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(1)
        if "cv2" in modules:
            import cv2

            stack.callback(cv2.setNumThreads, cv2.getNumThreads())
            cv2.setNumThreads(1)
        stack.enter_context(threadpool_limits(limits=1))
        yield
