"""Errors that a user can cause: each is one line with what was found, what was expected, what to do."""

import difflib
import importlib.util
import re
from collections.abc import Iterable


class TrimodalError(Exception):
    """Base of every error that is the input's fault and not a bug of ours."""


class UsageError(TrimodalError):
    """The command line or a call asks for something that cannot be done."""


class StoppedError(TrimodalError):
    """A run cannot go on. What it has finished counts when it is started again."""


class RecipeError(TrimodalError):
    """A recipe is not valid."""


class ParameterError(TrimodalError, ValueError):
    """A parameter is outside its range."""


class CorpusError(TrimodalError):
    """A corpus folder or manifest cannot be read."""


class MediaError(TrimodalError):
    """A media file cannot be read."""


class TranscriptError(TrimodalError):
    """A transcript file cannot be read."""


class TrackError(TrimodalError):
    """A track breaks its schema, or its file cannot be read."""


class DamagedTrackError(TrackError):
    """The file of a track is damaged, or another program's: nothing is wrong with what it is made of."""


class StoreError(TrimodalError):
    """A feature store cannot be read or written."""


class NewerStoreError(StoreError):
    """A feature store, or something in it, is of a version that came after this package."""


class MissingPackageError(TrimodalError):
    """A package that an extractor needs is not installed."""


class WeightsError(TrimodalError):
    """A model's weights are missing or do not fit."""


def number_of(count: int, name: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> number_of(1, "problem"), number_of(2, "problem")
    ('1 problem', '2 problems')
    """
    return f"{count} {name}{'' if count == 1 else 's'}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word nearest to ``word``, or lists all of them.

    Examples
    --------
    >>> did_you_mean("pol", ["pool", "tracks"])
    "did you mean 'pool'?"
    >>> did_you_mean("x", ["pool", "tracks"])
    'known: pool, tracks'
    """
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"


def what_the_system_said(error: OSError | RuntimeError) -> str:
    """Return why a file could not be written, which HDF5 hides in long texts of either kind.

    Examples
    --------
    >>> what_the_system_said(RuntimeError("unable to extend (errno = 28, error message = 'No space left on device')"))
    'no space left on device'
    """
    said = re.search(r"error message = '([^']*)'", str(error))
    return (said[1] if said else str(getattr(error, "strerror", None) or error)).lower()


def one_line(error: Exception) -> str:
    """Return the message of a library's error in one line, shortened; its type where it has none."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def require_packages(user: str, modules: Iterable[str], extra: str) -> None:
    """Check that ``modules`` are installed, without importing them.

    Raises
    ------
    MissingPackageError
        Names ``user``, the first missing module and the extra that installs it.
    """
    for module in modules:
        if not _is_installed(module):
            raise MissingPackageError(
                f"{user} needs the package '{module}', which is not installed; pip install 'trimodal[{extra}]'"
            )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package that a dotted name is in
        return False
