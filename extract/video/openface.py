"""OpenFace's gaze, head pose, landmarks and action units: its program run on the frames, and its CSV files read.

OpenFace's licence allows academic and non-commercial research only; it is not part of any package and must be built.
"""

import shutil
import tempfile
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import ParameterError, TrackError, WeightsError
from ...media import Frames
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution, VideoExtractor
from ..dry_weights.openface_program import dry_openface
from .openface_program import run_program

Group = Literal["gaze", "eyes", "pose", "landmarks", "landmarks_3d", "shape", "action_units"]
"""What can be taken of OpenFace's columns."""

_UNITS = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")
_OCCURRENCES = (*_UNITS[:-1], "28", "45")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "gaze": (
        *(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"),
        *("gaze_angle_x", "gaze_angle_y"),
    ),
    "eyes": tuple(f"eye_lmk_{axis}_{point}" for axis in "xyXYZ" for point in range(56)),
    "pose": tuple(f"pose_{kind}{axis}" for kind in "TR" for axis in "xyz"),
    "landmarks": tuple(f"{axis}_{point}" for axis in "xy" for point in range(68)),
    "landmarks_3d": tuple(f"{axis}_{point}" for axis in "XYZ" for point in range(68)),
    "shape": (
        *(f"p_{kind}" for kind in ("scale", "rx", "ry", "rz", "tx", "ty")),
        *(f"p_{number}" for number in range(34)),
    ),
    "action_units": (*(f"AU{unit}_r" for unit in _UNITS), *(f"AU{unit}_c" for unit in _OCCURRENCES)),
}
"""Known before anything is decoded; OpenFace's own names, by which they are found in a file."""
_FLAGS = {
    "gaze": "-gaze",
    "eyes": "-gaze",
    "pose": "-pose",
    "landmarks": "-2Dfp",
    "landmarks_3d": "-3Dfp",
    "shape": "-pdmparams",
    "action_units": "-aus",
}
_NOT_NUMBERS = ["nan", "-nan", "nan(ind)", "-nan(ind)", "inf", "-inf"]
DEFAULT_GROUPS: tuple[Group, ...] = ("gaze", "pose", "action_units")
"""What is taken where nothing else is asked for."""


@dataclass(frozen=True, kw_only=True)
class OpenFace(VideoExtractor):
    """What OpenFace's ``FeatureExtraction`` says of the face in every sampled frame.

    The frames are written to a temporary folder as PNG and the program is run on that, so that its frame numbers are
    ours whatever the container is; they need disk space of about the size of the pictures until the recording is done.
    OpenFace follows one face and calibrates action units on the whole sequence: give it recordings of one person, and
    expect other numbers from another sampling. Which of its models it finds beside the program is not checked.

    Raises
    ------
    ParameterError
        If ``groups`` is empty or names what there is not.

    References
    ----------
    T. Baltrušaitis et al., OpenFace 2.0: Facial Behavior Analysis Toolkit, FG 2018
    """

    name: ClassVar[str] = "openface"
    packages: ClassVar[tuple[str, ...]] = ("cv2", "pandas")

    binary: str = "FeatureExtraction"
    """The program: a name on PATH or a path. Its content is part of the fingerprint."""
    groups: tuple[Group, ...] = DEFAULT_GROUPS
    """Which columns to take; all seven groups are 709."""

    def __post_init__(self) -> None:
        _columns(self.groups)

    @property
    def schema(self) -> Schema:
        """``values``: OpenFace's columns under its names; ``confidence`` and ``track``, OpenFace's ``face_id``."""
        return openface_schema(self.groups)

    def weights(self) -> dict[str, Path]:
        """Return the program, which holds much of what decides the numbers; raises `WeightsError` without it."""
        found = shutil.which(Path(self.binary).expanduser())
        if found is None:
            raise WeightsError(
                f"'{self.binary}': no such program; build OpenFace 2 (github.com/TadasBaltrusaitis/OpenFace) and put "
                "FeatureExtraction on PATH, or give its path as binary"
            )
        return {"FeatureExtraction": Path(found).absolute()}

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with a script that takes the program's place."""
        return replace(self, binary=str(dry_openface(_columns(tuple(_COLUMNS)), folder)))

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Write frames batch by batch, each giving a piece without rows; the last piece has all rows."""
        with tempfile.TemporaryDirectory(prefix="trimodal-openface-") as temporary:
            folder = Path(temporary) / "frames"
            folder.mkdir()
            times = [np.zeros((0, 2))]
            count = 0
            for batch in frames:
                for image in batch.pixels:
                    count += 1
                    _write(folder / f"{count:08d}.png", image)
                times.append(batch.times)
                yield empty_track(self.schema, batch.gaps)
            if count:
                flags = list(dict.fromkeys(_FLAGS[group] for group in self.groups))
                table = run_program(self.weights()["FeatureExtraction"], folder, flags, frames=count)
                yield read_openface(table, np.concatenate(times), self.groups)


def openface_schema(groups: Collection[Group] = DEFAULT_GROUPS) -> Schema:
    """Return the fields of a track with these groups of columns.

    Raises
    ------
    ParameterError
        If ``groups`` is empty or names what there is not.
    """
    columns = _columns(groups)
    return {
        "values": Field(shape=(len(columns),), columns=columns),
        "confidence": Field(),
        "track": Field(dtype="int32"),
    }


def read_openface(path: Path, frame_times: NDArray[np.float64], groups: Collection[Group] = DEFAULT_GROUPS) -> Track:
    """Read the CSV file of OpenFace's ``FeatureExtraction`` or ``FaceLandmarkVidMulti``.

    Its timestamps come from a nominal rate and are not used: a row has the times of the frame with its number. Frames
    in which no face was found (``success`` or ``confidence`` is 0), or whose values are not finite, are gaps.

    Parameters
    ----------
    path
        The file.
    frame_times
        Shape (n, 2), in seconds: the intervals of the frames that OpenFace was shown, all of them.
    groups
        Which columns to take.

    Returns
    -------
    Track
        One row per frame and face, as `openface_schema` describes.

    Raises
    ------
    TrackError
        If it is no such file, lacks a column, or has a frame that the video has not, or one twice.
    ParameterError
        If ``groups`` is empty or names what there is not.
    """
    schema = openface_schema(groups)
    table = _read_table(path, _columns(groups))
    frames, faces = (_whole(table[name], path) for name in ("frame", "face_id"))
    if len(frames) and not (frames.min() >= 1 and frames.max() <= len(frame_times)):
        wrong = frames.min() if frames.min() < 1 else frames.max()
        raise TrackError(f"{path}: has a frame {wrong}; the video has the frames 1 to {len(frame_times)}")
    order = np.lexsort((faces, frames))
    frames, faces, table = frames[order], faces[order], table.iloc[order]
    twice = (np.diff(frames) == 0) & (np.diff(faces) == 0)
    if twice.any():
        at = int(np.argmax(twice))
        raise TrackError(f"{path}: face {faces[at]} of frame {frames[at]} occurs twice; expected one row")
    values = table[list(_columns(groups))].to_numpy(np.float32)
    confidence = table["confidence"].to_numpy(np.float32)
    seen = (table["success"].to_numpy() == 1) & (confidence > 0)
    kept = seen & np.isfinite(values).all(axis=1)
    gaps = [
        *_gaps(frame_times, np.setdiff1d(frames, frames[seen]), "OpenFace found no face"),
        *_gaps(frame_times, np.setdiff1d(frames[seen], frames[kept]), "OpenFace's values are not finite"),
        *_gaps(frame_times, np.setdiff1d(np.arange(1, len(frame_times) + 1), frames), "OpenFace has no row"),
    ]
    return Track(
        schema=schema,
        times=np.asarray(frame_times, np.float64)[frames[kept] - 1].reshape(-1, 2),
        fields={"values": values[kept], "confidence": confidence[kept], "track": faces[kept].astype(np.int32)},
        gaps=tuple(sorted(gaps, key=lambda gap: gap.start_seconds)),
    )


def _columns(groups: Collection[str]) -> tuple[str, ...]:
    unknown = sorted(set(groups) - set(_COLUMNS))
    if unknown or not groups:
        raise ParameterError(f"groups must be some of {', '.join(_COLUMNS)}; found {', '.join(unknown) or 'none'}")
    return tuple(column for group in _COLUMNS if group in groups for column in _COLUMNS[group])


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the wanted columns as numbers; ``face_id``, which OpenFace 1 did not write, is 0 where it is missing."""
    wanted = ("frame", "face_id", "confidence", "success", *columns)
    try:
        header = pd.read_csv(path, nrows=0, skipinitialspace=True)
        if missing := [name for name in wanted if name not in header.columns and name != "face_id"]:
            raise TrackError(
                f"{path}: has no column '{missing[0]}'; expected the output of OpenFace with {_made(missing)}"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows that are longer than the header
            table = pd.read_csv(path, skipinitialspace=True, index_col=False, na_values=_NOT_NUMBERS)
        table = table[[name for name in wanted if name in table]].astype(np.float64)
    except OSError as error:
        raise TrackError(f"{path}: {(error.strerror or 'cannot be read').lower()}; expected OpenFace's CSV") from None
    except (ValueError, pd.errors.ParserWarning) as error:
        raise TrackError(f"{path}: not a table of numbers ({' '.join(str(error).split())})") from None
    return table if "face_id" in table else table.assign(face_id=0.0)


def _made(missing: list[str]) -> str:
    """Return the flag with which OpenFace writes the first missing column."""
    flags = [_FLAGS[group] for group, columns in _COLUMNS.items() if missing[0] in columns]
    return flags[0] if flags else "one row per frame"


def _whole(cells: pd.Series, path: Path) -> NDArray[np.int64]:
    numbers = cells.to_numpy(np.float64)
    if not (np.isfinite(numbers).all() and (numbers == np.rint(numbers)).all()):
        raise TrackError(f"{path}: column '{cells.name}' has a cell that is no whole number")
    return numbers.astype(np.int64)


def _gaps(frame_times: NDArray[np.float64], frames: NDArray[np.int64], reason: str) -> list[Gap]:
    """Return one gap for every run of frames (counted from 1), which are sorted and occur once."""
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1) if len(frames) else []
    return [
        Gap(
            start_seconds=float(frame_times[run[0] - 1, 0]),
            end_seconds=float(frame_times[run[-1] - 1, 1]),
            reason=reason,
        )
        for run in runs
    ]


def _write(path: Path, image: NDArray[np.uint8]) -> None:
    import cv2

    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise TrackError(f"{path}: cannot be written; is the temporary folder full?")
