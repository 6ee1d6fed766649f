"""Features in the tables that openSMILE writes: CSV and ARFF."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import TrackError
from .rows import MAX_BYTES, ImportedRows, check_order, until_next

_NOT_FEATURES = ("name", "instance_name", "file", "frameindex", "frametime", "start", "end", "class")
"""Columns that say which row it is, in small letters."""
_ATTRIBUTE = re.compile(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)\s+\S""", re.IGNORECASE)


def read_csv(path: Path, duration_seconds: float) -> ImportedRows:
    """Read a CSV file of openSMILE: parted by ``;``, with ``frameTime``, or by ``,``, with ``start`` and ``end``.

    Times are in seconds, or durations as pandas writes them (``0 days 00:00:00.06``). Rows without an end last as
    `until_next` says, and rows without any time, of which there can be but one, for the whole recording. Columns of
    text are left out.

    Raises
    ------
    TrackError
        If it is no such table.
    """
    with _text(path) as file:
        first = file.readline()
        file.seek(0)
        return _imported(path, _table(path, file, delimiter=";" if ";" in first else ","), duration_seconds)


def read_arff(path: Path, duration_seconds: float) -> ImportedRows:
    """Read an ARFF file of openSMILE, with the attribute ``frameTime`` where it has several rows. See `read_csv`.

    Raises
    ------
    TrackError
        If it is no such file.

    References
    ----------
    https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
    """
    names = []
    with _text(path) as file:
        for number, line in enumerate(iter(file.readline, ""), 1):
            word = line.split(maxsplit=1)[0].lower() if line.strip() else "%"
            if word == "@data":
                break
            if attribute := _ATTRIBUTE.match(line.strip()):
                names.append(attribute[1].strip("'\""))
            elif word != "@relation" and not word.startswith("%"):
                raise TrackError(
                    f"{path}, line {number}: '{line.strip()[:40]}'; expected @relation, @attribute or @data"
                )
        else:
            raise TrackError(f"{path}: has no @data; expected an ARFF file")
        return _imported(path, _table(path, file, delimiter=",", names=names), duration_seconds)


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise TrackError(f"{path}: {size / 2**30:.1f} GiB; expected features of at most {MAX_BYTES >> 30} GiB")
        with open(path, encoding="utf-8-sig") as file:
            yield file
    except OSError as error:
        raise TrackError(f"{path}: cannot be read ({(error.strerror or '').lower()}); expected features") from None
    except UnicodeDecodeError as error:
        raise TrackError(f"{path}: not text in UTF-8 ({error.reason})") from None


def _table(path: Path, file: TextIO, delimiter: str, names: list[str] | None = None) -> pd.DataFrame:
    """Return the table that follows; ``names`` of its columns where they do not stand in its first line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows that are longer than the header
            table = pd.read_csv(
                file,
                sep=delimiter,
                names=names,
                header=None if names else 0,
                index_col=False,
                na_values=["?"],
                quotechar="'" if names else '"',
                comment="%" if names else None,
                skipinitialspace=True,
                low_memory=False,
            )
    except (ValueError, pd.errors.ParserWarning) as error:
        raise TrackError(f"{path}: not a table ({' '.join(str(error).split())})") from None
    if table.empty:
        raise TrackError(f"{path}: has no rows; expected features")
    table.columns = [str(name).strip(" '\"") for name in table.columns]
    if (twice := table.columns[table.columns.str.lower().duplicated()]).size:
        raise TrackError(f"{path}: two columns are called '{twice[0]}'; expected a name of its own for each")
    return table


def _imported(path: Path, table: pd.DataFrame, duration_seconds: float) -> ImportedRows:
    names = {str(name).lower(): str(name) for name in table.columns}
    features = [
        name
        for small, name in names.items()
        if small not in _NOT_FEATURES and pd.api.types.is_numeric_dtype(table[name])
    ]
    if not features:
        raise TrackError(f"{path}: has no column of numbers (found: {', '.join(names.values())}); expected features")
    start = next((names[name] for name in ("frametime", "start") if name in names), None)
    if start is None and len(table) > 1:
        raise TrackError(f"{path}: has {len(table)} rows without times; expected a column 'frameTime', or 'start'")
    starts = np.zeros(1) if start is None else _seconds(path, table[start])
    if "end" in names and start != names.get("frametime"):
        ends = _seconds(path, table[names["end"]])
        ends[np.isnan(ends)] = duration_seconds  # until the end of the file
    else:
        ends = until_next(starts, duration_seconds)
    times = np.stack([starts, ends], axis=1)
    check_order(str(path), times)
    return ImportedRows(
        times=times,
        values=table[features].to_numpy(np.float64, na_value=np.nan),
        columns=tuple(features),
    )


def _seconds(path: Path, cells: pd.Series) -> NDArray[np.float64]:
    """Return times that are numbers, or durations as text."""
    try:
        if pd.api.types.is_numeric_dtype(cells):
            return np.array(cells, np.float64)
        return np.array(pd.to_timedelta(cells).dt.total_seconds(), np.float64)
    except ValueError as error:
        reason = " ".join(str(error).split())[:80]
        raise TrackError(f"{path}: column '{cells.name}' has a cell that is no time ({reason})") from None
