"""Fingerprints: short hashes of what decides the numbers in a track."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import Any

from ..media import decoder_versions
from .base import Extractor

_BLOCK_BYTES = 4 * 2**20
_COMPUTING = {"ctranslate2", "numba", "scipy", "soxr", "tokenizers", "torch", "torchvision"}
"""Distributions that decide numbers wherever another one requires them."""


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
    """Return the versions of what decides an extractor's numbers, by distribution name.

    These are what it imports, what its kind reads media with, NumPy, and those that compute among the requirements of
    all these; with PyAV, the FFmpeg libraries that it decodes with.
    """
    found: dict[str, str] = {}
    for module in ("numpy", *extractor.reads_with, *extractor.needed_packages()):
        found |= _distributions(module)
    return found | (decoder_versions() if "av" in extractor.reads_with else {})


@lru_cache(maxsize=64)
def _distributions(module: str) -> dict[str, str]:
    """Return the versions of what brings a module, and of what computes for it."""
    found = {}
    for name in _owners().get(module, ()):
        names = (re.match(r"[\w.-]+", text) for text in requires(name) or () if "extra ==" not in text)
        beneath = {match[0].lower() for match in names if match} & _COMPUTING
        for one in (name, *sorted(beneath)):
            with suppress(PackageNotFoundError):  # not everything that is required is wanted on every system
                found[one] = version(one)
    return found


@lru_cache(maxsize=1)
def _owners() -> Mapping[str, list[str]]:
    """Return which distributions bring each module.

    From their lists of files: `importlib.metadata.packages_distributions` trusts the lists of top-level names, in which
    some of the modules are missing.
    """
    owners = defaultdict(list)
    for found in distributions():
        files = (found.read_text("RECORD") or "").splitlines()
        names = {line.split("/")[0].split(",")[0].split(".")[0] for line in files}
        for name in names | set((found.read_text("top_level.txt") or "").split()):
            owners[name].append(found.name)
    return {name: sorted(set(found)) for name, found in owners.items()}
