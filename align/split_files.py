"""Reading the files that say which split a segment, a recording or a speaker is in."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..errors import CorpusError
from ..recipe.splits import UNITS, ListSplit, TableSplit, Unit


def read_split(root: Path, split: TableSplit | ListSplit) -> tuple[Unit, dict[str, str]]:
    """Return what the ids of a table or of lists are, and the split of each.

    Raises
    ------
    CorpusError
        If a file cannot be read, or an id is in two splits.
    """
    return _read_table(root, split) if isinstance(split, TableSplit) else _read_lists(root, split)


def _read_table(root: Path, split: TableSplit) -> tuple[Unit, dict[str, str]]:
    path = root / split.file
    try:
        # Given the header as a row like the others, pandas neither renames columns nor takes the first for an index.
        table = pd.read_csv(
            path, dtype=str, header=None, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True
        ).fillna("")
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError as error:  # pandas' and those of decoding
        raise CorpusError(f"{path}: not a CSV file in UTF-8 ({str(error).strip()})") from None
    table, table.columns = table.iloc[1:], table.iloc[0].str.strip()
    units = [unit for unit in UNITS if unit in table.columns]
    if len(units) != 1 or "split" not in table.columns or not table.columns.is_unique:
        columns = ", ".join(map(str, table.columns))
        raise CorpusError(f"{path}: has the columns {columns}; expected 'split' and one of {', '.join(UNITS)}")
    pairs = zip(table[units[0]].str.strip(), table["split"].str.strip(), strict=True)
    return units[0], _without_contradictions(path, [(str(unit), str(name)) for unit, name in pairs])


def _read_lists(root: Path, split: ListSplit) -> tuple[Unit, dict[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, file in split.files.items():
        path = root / file
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise _unreadable(path, error) from None
        except UnicodeDecodeError:
            raise CorpusError(f"{path}: not text in UTF-8; expected one {split.by} a line") from None
        pairs += [(line.strip(), name) for line in lines if line.strip()]
    return split.by, _without_contradictions(root, pairs)


def _unreadable(path: Path, error: OSError) -> CorpusError:
    return CorpusError(f"{path}: cannot be read ({(error.strerror or '').lower()}); expected the recipe's splits")


def _without_contradictions(path: Path, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    given: dict[str, str] = {}
    for unit, name in pairs:
        if unit and given.setdefault(unit, name) != name:
            raise CorpusError(f"{path}: '{unit}' is in the splits '{given[unit]}' and '{name}'; expected one")
    return given
