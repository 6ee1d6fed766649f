"""Fingerprints: short hashes of what decides the numbers in a track."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from .base import Extractor

_BLOCK_BYTES = 4 * 2**20


def digest(*parts: object) -> str:
    """Return a hash of JSON-able values as 32 hexadecimal digits."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def file_digest(path: Path) -> str:
    """Return a hash of a file's content as 32 hexadecimal digits; kept in memory while size and time stay the same."""
    status = path.stat()
    return _file_digest(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _file_digest(path: str, size: int, mtime_ns: int) -> str:
    total = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            total.update(block)
    return total.hexdigest()


def parameters(extractor: Extractor) -> dict[str, Any]:
    """Return an extractor's fields as JSON-able values.

    Of a path that leads to its weights the name alone: what they hold counts, and not in which folder they lie.
    """
    fields: dict[str, Any] = asdict(extractor)  # type: ignore[call-overload]  # every concrete extractor is a dataclass
    files = [path.absolute() for path in extractor.weights().values()]
    return {name: _without_folder(value, files) for name, value in fields.items()}


def _without_folder(value: Any, files: Iterable[Path]) -> Any:
    if not isinstance(value, str) or not value:
        return value
    path = Path(value).expanduser().absolute()
    return path.name if any(path in (file, *file.parents) for file in files) else value


def weight_digests(extractor: Extractor) -> dict[str, str]:
    """Return the hash of every weight file by name."""
    return {name: file_digest(path) for name, path in sorted(extractor.weights().items())}


def fingerprint(extractor: Extractor, needed: Mapping[str, str]) -> str:
    """Return the hash of name, version, parameters, weights and the fingerprints of the tracks it needs.

    Parameters
    ----------
    needed
        Fingerprint of every track that the extractor needs, by the track's name. The names themselves do not count.
    """
    fields = parameters(extractor)
    fields |= {name: needed[fields[name]] for name in extractor.needed_fields()}
    return digest(extractor.name, extractor.version, fields, weight_digests(extractor))


def software(extractor: Extractor) -> dict[str, str]:
    """Return the versions of the packages that an extractor uses, by distribution name."""
    return {name: found for module in extractor.needed_packages() for name, found in _distribution(module).items()}


@lru_cache(maxsize=64)
def _distribution(module: str) -> dict[str, str]:
    found = {}
    for name in sorted(set(_distributions().get(module, ()))):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()
