"""Importing librosa, whose functions must not be compiled by two processes at once."""

import os
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

_COMPILED = ("librosa.util.utils", "librosa.core.audio", "librosa.core.pitch")
"""Modules that have functions compiled when they are imported, as what we call needs them."""


@cache
def import_librosa() -> Any:
    """Return the module librosa, ready for use by processes that start beside each other.

    Numba keeps what it compiles of librosa in two files for each function. Where two processes compile at once, one
    file of each can stay, and from then on every process that calls such a function ends with a segmentation fault
    (https://github.com/numba/numba/issues/10128). So the first process compiles alone and leaves a mark, for which
    the others wait.
    """
    import librosa
    import numba
    from filelock import FileLock

    package = Path(librosa.__file__).parent
    folder = _cache_folder(package, numba.config.CACHE_DIR)  # type: ignore[attr-defined]
    mark = folder / f"trimodal-{_state(package)}.compiled"
    if not mark.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "trimodal.lock"):
            for module in _COMPILED:
                import_module(module)
            mark.touch()
    return librosa


def _cache_folder(package: Path, chosen: str) -> Path:
    """Return a folder that is shared by all processes that share Numba's cache of a package."""
    from numba.misc.appdirs import user_cache_dir

    if chosen:
        return Path(chosen)
    beside = package / "__pycache__"
    return beside if os.access(beside, os.W_OK) else Path(user_cache_dir("numba"))  # type: ignore[no-untyped-call]


def _state(package: Path) -> str:
    """Return a hash of what Numba compiles again for: the sources, its own version and the processor."""
    import llvmlite.binding
    import numba

    sources = [(file.name, file.stat().st_mtime_ns) for file in sorted(package.glob("*/*.py"))]
    processor = llvmlite.binding.get_host_cpu_name(), llvmlite.binding.get_host_cpu_features().flatten()
    return sha256(repr((sources, numba.__version__, processor)).encode()).hexdigest()[:16]
