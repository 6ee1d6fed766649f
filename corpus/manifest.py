"""A CSV file with one row per segment: recording, media, fps, transcript, times, split, speaker, text, labels."""

import math
from pathlib import Path

import pandas as pd

from ..errors import CorpusError, did_you_mean
from .model import Corpus, Layout, Recording, Segment

FILE_NAME = "manifest.csv"
COLUMNS = ("segment", "recording", "media", "fps", "rotation", "transcript", "start", "end", "split", "speaker", "text")
"""Columns with a meaning; ``media`` is the only one that must be there, every other column is a label."""


def recognises(path: Path) -> bool:
    """Whether the path is a CSV file, or a folder with a ``manifest.csv``."""
    return path.suffix.lower() == ".csv" if path.is_file() else (path / FILE_NAME).is_file()


def read(path: Path) -> Corpus:
    """Read a manifest; paths in it are relative to its folder.

    Empty cells mean: recording, the media path without its suffix (that of pictures, which have a rate, as it is);
    segment, the recording (numbered where it has several); start, 0; end, the end of the recording; fps, a file that
    has its own times; rotation, what the file says. A label column whose cells are all numbers is numeric, any other is
    text.

    Raises
    ------
    CorpusError
        Names the file, the line and the column of the first thing that is wrong.
    """
    file = path if path.is_file() else path / FILE_NAME
    table = _read_table(file)
    root = file.parent
    recordings: dict[str, Recording] = {}
    counts = _recording_ids(table).value_counts()
    numbers: dict[str, int] = {}
    segments = []
    labels = _labels(table, file)
    for position, (row, recording_id) in enumerate(zip(table.to_dict("records"), _recording_ids(table), strict=True)):
        where = f"{file}, line {position + 2}"
        recording = Recording(
            id=recording_id,
            media=_path(root, row["media"], where),
            transcript=_path(root, row["transcript"], where) if row["transcript"] else None,
            frames_per_second=_rate(row["fps"], where),
            rotation_degrees=_rotation(row["rotation"], where),
        )
        above = recordings.setdefault(recording_id, recording)
        if above != recording:
            same_files = (above.media, above.transcript) == (recording.media, recording.transcript)
            what = "another frame rate or rotation" if same_files else "other media or another transcript"
            raise CorpusError(f"{where}: recording '{recording_id}' has {what} further up")
        number = numbers[recording_id] = numbers.get(recording_id, -1) + 1
        default = recording_id if counts[recording_id] == 1 else f"{recording_id}_{number}"
        segments.append(
            Segment(
                id=row["segment"] or default,
                recording=recording_id,
                start_seconds=_seconds(row["start"], "start", where) or 0.0,
                end_seconds=_seconds(row["end"], "end", where),
                split=row["split"],
                speaker=row["speaker"],
                text=row["text"] or None,
                labels={name: values[position] for name, values in labels.items()},
            )
        )
    return Corpus(root=root, layout=LAYOUT.name, recordings=tuple(recordings.values()), segments=tuple(segments))


def _read_table(file: Path) -> pd.DataFrame:
    try:
        # utf-8-sig also reads UTF-8 without a byte order mark; every cell stays text, so "0001" keeps its zeros. Given
        # the header as a row like the others, pandas neither renames columns nor takes the first one for an index.
        table = pd.read_csv(
            file, dtype=str, header=None, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True
        ).fillna("")
    except OSError as error:
        raise CorpusError(f"{file}: cannot be read ({error.strerror}); expected a manifest") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise CorpusError(f"{file}: not a CSV file in UTF-8 ({str(error).strip()})") from None
    table, table.columns = table.iloc[1:].reset_index(drop=True), table.iloc[0].str.strip()
    for position, column in enumerate(table.columns):
        if not column or column in table.columns[:position]:
            problem = f"is called '{column}' like one before it" if column else "has no name"
            raise CorpusError(f"{file}: column {position + 1} {problem}; expected a name of its own for every column")
    if "media" not in table.columns:
        near = ", ".join(table.columns)
        raise CorpusError(f"{file}: has no column 'media' (found: {near}); {did_you_mean('media', table.columns)}")
    if table.empty:
        raise CorpusError(f"{file}: has no rows; expected one per segment")
    for column in COLUMNS:
        if column not in table.columns:
            table[column] = ""
    return table


def _recording_ids(table: pd.DataFrame) -> pd.Series:
    names = table["media"].str.rstrip("/")
    # A rate says that it is a folder, in whose name a dot begins no suffix.
    stems = names.where(table["fps"] != "", names.str.replace(r"\.[^./]*$", "", regex=True))
    return table["recording"].where(table["recording"] != "", stems)


def _labels(table: pd.DataFrame, file: Path) -> dict[str, list[float] | list[str]]:
    labels: dict[str, list[float] | list[str]] = {}
    for name in table.columns.drop(list(COLUMNS)):
        cells = [str(cell) for cell in table[name]]
        numbers = pd.to_numeric(table[name], errors="coerce")
        if numbers.notna().all():
            labels[str(name)] = [float(number) for number in numbers]
        elif numbers.notna().any() and "" in cells:
            raise CorpusError(f"{file}, line {cells.index('') + 2}: label '{name}' is empty; expected a number")
        else:
            labels[str(name)] = cells
        if any(isinstance(value, float) and not math.isfinite(value) for value in labels[str(name)]):
            raise CorpusError(f"{file}: label '{name}' has a value that is not finite")
    return labels


def _path(root: Path, cell: str, where: str) -> Path:
    if not cell:
        raise CorpusError(f"{where}: column 'media' is empty; expected a path")
    return root / cell


def _seconds(cell: str, column: str, where: str) -> float | None:
    if not cell:
        return None
    try:
        seconds = float(cell)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise CorpusError(f"{where}: column '{column}' is '{cell}'; expected seconds")
    return seconds


def _rate(cell: str, where: str) -> float | None:
    if not cell:
        return None
    try:
        rate = float(cell)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise CorpusError(f"{where}: column 'fps' is '{cell}'; expected frames per second, more than 0")
    return rate


def _rotation(cell: str, where: str) -> int | None:
    if cell not in ("", "0", "90", "180", "270"):
        raise CorpusError(f"{where}: column 'rotation' is '{cell}'; expected 0, 90, 180 or 270 degrees")
    return int(cell) if cell else None


LAYOUT = Layout(
    name="manifest",
    summary="a CSV file with a row per segment: media, and optionally fps, rotation, segment, recording, transcript, "
    "start, end, split, speaker, text and labels",
    recognises=recognises,
    read=read,
)
