"""The sample corpus that ships with the package; `examples/make_sample.py` made it."""

import shutil
from pathlib import Path

from ..errors import UsageError

_FOLDER = Path(__file__).parent / "corpus"


def write_sample(folder: Path) -> int:
    """Copy the sample corpus into a new folder and return the number of files.

    Raises
    ------
    UsageError
        If the folder is there and not empty, or cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: already there; expected the name of a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted(_FOLDER.iterdir())
        for file in files:
            shutil.copyfile(file, folder / file.name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({(error.strerror or '').lower()})") from None
    return len(files)
