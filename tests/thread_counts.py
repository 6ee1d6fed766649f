"""An extractor that tells how many threads libraries use where it runs. Worker processes import this file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from trimodal.extract import AudioExtractor, Execution
from trimodal.extract.base import CPU
from trimodal.media import Audio
from trimodal.track import Field, Schema, Track


@dataclass(frozen=True, kw_only=True)
class ThreadCounts(AudioExtractor):
    """One row: the most threads of a BLAS or OpenMP, those of torch, of OpenCV, and the number of the former."""

    name: ClassVar[str] = "thread_counts"
    packages: ClassVar[tuple[str, ...]] = ("torch", "cv2")

    @property
    def schema(self) -> Schema:
        return {"values": Field(shape=(4,))}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        import cv2
        import torch
        from threadpoolctl import threadpool_info

        pools = [pool["num_threads"] for pool in threadpool_info()]
        values = np.array([[max(pools), torch.get_num_threads(), cv2.getNumThreads(), len(pools)]], np.float32)
        times = np.array([[audio.start_seconds, audio.end_seconds]])
        yield Track(schema=self.schema, times=times, fields={"values": values})
