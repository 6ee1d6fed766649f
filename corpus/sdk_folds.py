"""Fold lists as the CMU Multimodal SDK keeps them: a Python file with three lists of ids, read and never run."""

import ast
import importlib.util
from pathlib import Path

from ..errors import CorpusError
from .findings import Findings
from .tables import read_text

_LISTS = {"standard_train_fold": "train", "standard_valid_fold": "valid", "standard_test_fold": "test"}


def read_folds(path: Path, findings: Findings) -> dict[str, frozenset[str]]:
    """Return the ids of every split: those of ``standard_train_fold = [...]`` and the two others.

    Raises
    ------
    CorpusError
        If the file is no such list, or an id is in two of them; names the line.
    """
    text = read_text(path, findings)
    folds: dict[str, frozenset[str]] = {}
    try:
        statements = ast.parse(text).body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise CorpusError(f"{path}, line {getattr(error, 'lineno', 1)}: not a list of folds ({error})") from None
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            split = _LISTS.get(statement.targets[0].id)
            if split is not None:
                folds[split] = frozenset(_ids(path, statement))
    for name, split in _LISTS.items():
        if split not in folds:
            raise CorpusError(f"{path}: has no '{name}'; expected the three lists of the SDK's file of folds")
    for split, others in (("train", ("valid", "test")), ("valid", ("test",))):
        for other in others:
            if both := sorted(folds[split] & folds[other]):
                raise CorpusError(f"{path}: '{both[0]}' is in {split} and in {other}; expected it in one fold")
    return folds


def installed_folds(name: str) -> Path | None:
    """Return a file of folds inside an installed ``mmsdk``, which is not imported; None where there is none.

    Parameters
    ----------
    name
        Path of the file below ``mmdatasdk/dataset/standard_datasets``.
    """
    try:
        spec = importlib.util.find_spec("mmsdk")
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "mmdatasdk/dataset/standard_datasets" / name
        if file.is_file():
            return file
    return None


def _ids(path: Path, statement: ast.Assign) -> list[str]:
    try:
        ids = ast.literal_eval(statement.value)
    except (ValueError, TypeError, RecursionError):
        ids = None
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise CorpusError(f"{path}, line {statement.lineno}: expected a list of ids in quotes")
    return ids
