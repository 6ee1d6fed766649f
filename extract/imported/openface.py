"""OpenFace's output, made by somebody else, as a track."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...corpus import FeatureFile
from ...track import Schema, Track
from ..base import FeatureExtractor
from ..video.openface import DEFAULT_GROUPS, Group, openface_schema, read_openface


@dataclass(frozen=True, kw_only=True)
class ImportedOpenFace(FeatureExtractor):
    """A CSV file that OpenFace wrote for the recording's video.

    Its rows have the times of the frames with their numbers, for which the video is decoded: the timestamps in the file
    come from a nominal rate. It must be of the whole video, every frame of it. See `read_openface`.

    Raises
    ------
    ParameterError
        If ``groups`` is empty or names what there is not.
    """

    name: ClassVar[str] = "imported_openface"
    packages: ClassVar[tuple[str, ...]] = ("pandas",)

    groups: tuple[Group, ...] = DEFAULT_GROUPS
    """Which columns to take: ``gaze``, ``pose``, ``landmarks``, ``action_units``."""

    def __post_init__(self) -> None:
        _ = self.schema

    @property
    def schema(self) -> Schema:
        """As that of the extractor ``openface``."""
        return openface_schema(self.groups)

    def extract(
        self, file: FeatureFile, duration_seconds: float, frame_times: Callable[[], NDArray[np.float64]]
    ) -> Track:
        """Read the file; raises `TrackError` where it is not the output of OpenFace for this video."""
        return read_openface(file.path, frame_times(), self.groups)
