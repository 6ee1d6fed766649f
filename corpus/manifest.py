"""A CSV file with one row per segment: recording, media, transcript, clocks, times, split, speaker, text, labels."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from ..errors import CorpusError, ParameterError, did_you_mean
from ..media.clock import STREAMS, Adjustment, Stream, parse_adjustment
from .annotations import Annotation
from .clips import media_files
from .features import FeatureFile
from .findings import counted, speakers_from_turns
from .model import Corpus, Layout, Recording, Segment
from .tables import numbered_rows

FILE_NAME = "manifest.csv"
_CLOCKS: dict[Stream, str] = {stream: f"{stream}_clock" for stream in STREAMS}
_OF_RECORDING = ("recording", "media", "sound", "duration", "fps", "rotation", "transcript", "turns", *_CLOCKS.values())
COLUMNS = ("segment", *_OF_RECORDING, "start", "end", "split", "speaker", "text")
"""Columns with a meaning; ``media`` is the only one that must be there, as a column."""
_ANNOTATION = "annotation:"
"""Columns that begin with it name a file of ratings."""
_FEATURES, _ENTRY = "features:", "entry:"
"""Columns that begin with them name a file of features, and what it calls the recording. Others are labels."""
_TEXT = "text:"
"""A column that begins with it is a label of text, whatever is in it."""


def recognises(path: Path) -> bool:
    """Whether the path is a CSV file, or a folder with a ``manifest.csv``."""
    return path.suffix.lower() == ".csv" if path.is_file() else (path / FILE_NAME).is_file()


def read(path: Path) -> Corpus:
    """Read a manifest; paths in it are relative to its folder.

    Empty cells mean: recording, the media path without its suffix (that of pictures, which have a rate, as it is);
    segment, the recording (numbered where it has several); start, 0; end, the end of the recording; fps, a file that
    has its own times; duration, as the media say; sound, that of the media; rotation, what the file says; clocks, times
    that are right; annotation and features, none; entry, the media file's name without its suffix, or the recording
    where there are no media; label, none. A label is numeric where all its cells are numbers, and text where none is,
    or where its column is called ``text:NAME``.

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
    segments: list[Segment] = []
    lines: dict[str, int] = {}
    labels = _labels(table, file)
    for position, (row, recording_id) in enumerate(zip(table.to_dict("records"), _recording_ids(table), strict=True)):
        line = int(table.index[position])
        where = f"{file}, line {line}"
        recording = Recording(
            id=recording_id,
            media=root / row["media"] if row["media"] else None,
            sound=root / row["sound"] if row["sound"] else None,
            duration_seconds=_duration(row, where),
            transcript=root / row["transcript"] if row["transcript"] else None,
            turns=root / row["turns"] if row["turns"] else None,
            frames_per_second=_rate(row["fps"], where),
            rotation_degrees=_rotation(row["rotation"], where),
            annotations=_annotations(root, row, where),
            features=_features(root, row, where),
            clock=_clock(row, where),
        )
        above = recordings.setdefault(recording_id, recording)
        if above != recording:
            differing = [
                one.name for one in fields(Recording) if getattr(above, one.name) != getattr(recording, one.name)
            ]
            names = " and ".join(differing).replace("_", " ")
            raise CorpusError(f"{where}: recording '{recording_id}' differs in {names} from the row further up")
        number = numbers[recording_id] = numbers.get(recording_id, -1) + 1
        default = recording_id if counts[recording_id] == 1 else f"{recording_id}_{number}"
        segment = Segment(
            id=row["segment"] or default,
            recording=recording_id,
            start_seconds=_seconds(row["start"], "start", where) or 0.0,
            end_seconds=_seconds(row["end"], "end", where),
            split=row["split"],
            speaker=row["speaker"],
            text=row["text"] or None,
            labels={name: value for name, values in labels.items() if (value := values[position]) is not None},
        )
        if segment.end_seconds is not None and segment.end_seconds <= segment.start_seconds:
            start, end = segment.start_seconds, segment.end_seconds
            raise CorpusError(f"{where}: segment '{segment.id}' ends at {end} s, not after its start at {start} s")
        if (above_line := lines.setdefault(segment.id, line)) != line:
            raise CorpusError(
                f"{where}: the segment id '{segment.id}' is that of line {above_line}; ids must be unique"
            )
        segments.append(segment)
    return Corpus(
        root=root,
        layout=LAYOUT.name,
        recordings=tuple(recordings.values()),
        segments=tuple(segments),
        # A list that is given itself can lie anywhere, among media of other corpora.
        notes=(
            *speakers_from_turns(recordings.values()),
            *(() if path.is_file() else _unlisted(root, recordings.values())),
        ),
    )


def _unlisted(root: Path, recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Return a note of the media files in the folder that no row names, if there are any."""
    listed = {file.resolve() for one in recordings for file in (one.media, one.sound) if file is not None}
    more = [str(file.relative_to(root)) for file in media_files(root) if file.resolve() not in listed]
    return (counted("media files are in no row", more),) if more else ()


def _read_table(file: Path) -> pd.DataFrame:
    """Return the rows as text, so that "0001" keeps its zeros, under the lines on which they begin."""
    try:
        text = file.read_text(encoding="utf-8-sig")  # with or without a byte order mark
    except OSError as error:
        raise CorpusError(f"{file}: cannot be read ({error.strerror}); expected a manifest") from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{file}: not a CSV file in UTF-8 ({error})") from None
    numbered = numbered_rows(file, text)
    if not numbered:
        raise CorpusError(f"{file}: is empty; expected a line with the names of the columns")
    width = len(numbered[0][1])
    for line, cells in numbered:
        if len(cells) > width:
            raise CorpusError(f"{file}, line {line}: has {len(cells)} cells; expected {width}, as many as the header")
    header, *rows = [cells + [""] * (width - len(cells)) for _, cells in numbered]
    table = pd.DataFrame(
        rows, index=[line for line, _ in numbered[1:]], columns=[name.strip() for name in header], dtype=str
    )
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


def _labels(table: pd.DataFrame, file: Path) -> Mapping[str, Sequence[float | str | None]]:
    """Return the values of every label, None for empty cells."""
    labels: dict[str, Sequence[float | str | None]] = {}
    for column in map(str, table.columns.drop(list(COLUMNS))):
        if column.startswith((_ANNOTATION, _FEATURES, _ENTRY)):
            continue
        name = column.removeprefix(_TEXT)
        if name in labels:
            raise CorpusError(f"{file}: columns '{name}' and '{_TEXT}{name}' are the same label; expected one of them")
        lines = table.index.tolist()
        cells = {line: str(cell) for line, cell in zip(lines, table[column], strict=True) if cell.strip()}
        values = cells if column.startswith(_TEXT) else _values(cells, f"label '{name}'", file)
        labels[name] = [values.get(line) for line in lines]
    return labels


def _values(cells: Mapping[int, str], label: str, file: Path) -> Mapping[int, float | str]:
    """Return the cells of a label, by their lines, as numbers; as they are where none is one."""
    for line, cell in cells.items():
        if cell.strip().lower() == "nan":
            raise CorpusError(f"{file}, line {line}: {label} is '{cell}'; expected a value, or an empty cell for none")
    numbers = pd.to_numeric(pd.Series(cells, dtype=str), errors="coerce").to_dict()
    odd = {line: math.isnan(number) for line, number in numbers.items()}
    if all(odd.values()):
        return cells
    if any(odd.values()):
        among_numbers = 2 * sum(odd.values()) <= len(odd)
        line = next(line for line in cells if odd[line] == among_numbers)
        others, expected = ("numbers", "a number") if among_numbers else ("text", "no number")
        raise CorpusError(
            f"{file}, line {line}: {label} is '{cells[line][:40]}' among {others}; expected {expected}, or a column "
            f"called '{_TEXT}...' where all are text"
        )
    for line in cells:
        if not math.isfinite(numbers[line]):
            raise CorpusError(f"{file}, line {line}: {label} is {numbers[line]}; expected a finite number")
    return {line: float(numbers[line]) for line in cells}


def _duration(row: Mapping[Hashable, str], where: str) -> float | None:
    """Return how long a recording without media lasts."""
    seconds = _seconds(row["duration"], "duration", where)
    if not row["media"] and seconds is None:
        raise CorpusError(f"{where}: column 'media' is empty; expected a path, or a duration in seconds")
    if not row["media"] and not row["recording"]:
        raise CorpusError(f"{where}: columns 'media' and 'recording' are empty; expected one of them")
    if row["sound"] and not row["media"]:
        raise CorpusError(f"{where}: column 'sound' is given and 'media' is empty; give the file as 'media'")
    if row["media"] and seconds is not None:
        raise CorpusError(f"{where}: columns 'media' and 'duration' are given; expected one, as media say how long")
    if seconds is not None and seconds <= 0:
        raise CorpusError(f"{where}: column 'duration' is {seconds}; expected more than 0 s")
    return seconds


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


def _annotations(root: Path, row: Mapping[Hashable, str], where: str) -> tuple[Annotation, ...]:
    """Return the annotations of a row; frames without times are at the rate of the pictures."""
    return tuple(
        Annotation(
            name=str(column).removeprefix(_ANNOTATION), path=root / cell, rows_per_second=_rate(row["fps"], where)
        )
        for column, cell in row.items()
        if str(column).startswith(_ANNOTATION) and cell
    )


def _features(root: Path, row: Mapping[Hashable, str], where: str) -> tuple[FeatureFile, ...]:
    """Return the files of features of a row."""
    cells = {str(column): cell for column, cell in row.items() if cell}
    for column in cells:
        if column.startswith(_ENTRY) and _FEATURES + (name := column.removeprefix(_ENTRY)) not in cells:
            raise CorpusError(f"{where}: column '{column}' is given and '{_FEATURES}{name}' is empty; expected both")
    names = [column.removeprefix(_FEATURES) for column in cells if column.startswith(_FEATURES)]
    stem = Path(row["media"]).stem or row["recording"]
    return tuple(
        FeatureFile(name=name, path=root / cells[_FEATURES + name], entry=cells.get(_ENTRY + name, stem))
        for name in names
    )


def _clock(row: Mapping[Hashable, str], where: str) -> dict[Stream, Adjustment]:
    clock: dict[Stream, Adjustment] = {}
    for stream, column in _CLOCKS.items():
        if row[column]:
            try:
                clock[stream] = parse_adjustment(row[column])
            except ParameterError as error:
                raise CorpusError(f"{where}: column '{column}' is '{row[column]}'; {error}") from None
    if "transcript" in clock and not row["transcript"]:
        raise CorpusError(f"{where}: column 'transcript_clock' is given and 'transcript' is empty; expected both")
    return clock


LAYOUT = Layout(
    name="manifest",
    summary="a CSV file with a row per segment: media (or a duration), and optionally sound, fps, rotation, segment, "
    "recording, transcript, turns, clocks, annotations, features, start, end, split, speaker, text and labels",
    recognises=recognises,
    read=read,
)
