"""Computational sequences as the CMU Multimodal SDK writes them, and such that are meant to harm who reads them."""

import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest


def write_csd(
    path: Path,
    root: str,
    entries: Mapping[str, tuple[Any, Any]],
    dimension_names: object = (),
    compression: str | None = "gzip",
) -> Path:
    """Write ``/<root>/data/<recording>/{features, intervals}`` and the SDK's metadata, but for what is None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        data = file.create_group(f"{root}/data")
        for name, (features, intervals) in entries.items():
            entry = data.create_group(name)
            entry.create_dataset("features", data=np.asarray(features), compression=compression)
            entry.create_dataset("intervals", data=np.asarray(intervals), compression=compression)
        metadata = file.create_group(f"{root}/metadata")
        said = {"root name": root, "dimension names": dimension_names, "creator": "a test"}
        for key, value in said.items():
            if value is None:
                continue
            metadata.create_dataset(key, data=[json.dumps(value)], dtype=h5py.string_dtype())
    return path


def spoil(path: Path, edit: Callable[[h5py.File], object]) -> Path:
    """Change a sequence ``x`` with an entry ``v``."""
    with h5py.File(path, "a") as file:
        edit(file)
    return path


def _link(file: h5py.File, name: str, link: object) -> None:
    del file[name]
    file[name] = link


def _no_features(file: h5py.File) -> None:
    del file["x/data/v/features"]


def _an_array_for_an_entry(file: h5py.File) -> None:
    del file["x/data/v"]
    file["x/data/v"] = np.ones(3)


def _stored_elsewhere(file: h5py.File) -> None:
    del file["x/data/v/features"]
    file.create_dataset("x/data/v/features", (2, 2), "f8", external=[("secret", 0, 32)])


def _virtual(file: h5py.File) -> None:
    del file["x/data/v/features"]
    layout = h5py.VirtualLayout((2, 2), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2, 2))
    file.create_virtual_dataset("x/data/v/features", layout)


def _unwritten(file: h5py.File, shape: tuple[int, int], chunk: tuple[int, int]) -> None:
    del file["x/data/v/features"]
    file.create_dataset("x/data/v/features", shape, "f8", chunks=chunk, maxshape=(None, None), compression="gzip")


def bomb(file: h5py.File) -> None:
    """A megabyte in the place of some bytes: HDF5 would unpack all of it, and as much more as there is memory."""
    for name in ("features", "intervals"):
        shape, dtype = file[f"x/data/v/{name}"].shape, file[f"x/data/v/{name}"].dtype
        del file[f"x/data/v/{name}"]
        packed = file.create_dataset(f"x/data/v/{name}", shape, dtype, chunks=shape, compression="gzip")
        packed.id.write_direct_chunk((0, 0), zlib.compress(bytes(2**20)))


def _filter_of_others(file: h5py.File) -> None:
    values = file["x/data/v/features"][()]
    del file["x/data/v/features"]
    file.create_dataset("x/data/v/features", data=values, chunks=values.shape, compression="lzf")


_NO_FEATURES = "'/x/data/v' has no dataset 'features'; expected a computational sequence without links"
_NOT_THERE = r"/x/data/v/features' is not in the file, or larger than (64 MiB|2 GiB)$"
_NO_NAME = "expected names of recordings"

hostile_sequences = pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_no_features, _NO_FEATURES),
        (lambda file: _link(file, "x/data/v/features", h5py.ExternalLink("other.h5", "/x")), _NO_FEATURES),
        (lambda file: _link(file, "x/data/v/features", h5py.SoftLink("/x/data/v/intervals")), _NO_FEATURES),
        (lambda file: _link(file, "x/data/v", h5py.ExternalLink("other.h5", "/x")), "'/x/data' has no group 'v'"),
        (_an_array_for_an_entry, "'/x/data' has no group 'v'"),
        (lambda file: _link(file, "x/data", h5py.SoftLink("/elsewhere")), "'/x' has no group 'data'"),
        (lambda file: _link(file, "x", h5py.ExternalLink("other.h5", "/x")), "'/' has no group 'x'"),
        (_stored_elsewhere, _NOT_THERE),
        (_virtual, _NOT_THERE),
        (lambda file: _unwritten(file, (10**9, 10**3), (1000, 100)), _NOT_THERE),
        (lambda file: _unwritten(file, (2, 2), (2**14, 2**14 + 1)), _NOT_THERE),
        (lambda file: _unwritten(file, (1000, 2), (1000, 2)), r"has a shape \(1000, 2\) and no data"),
        (bomb, r"the chunk \(0, 0\) of /x/data/v/(features|intervals) does not unpack to the \d+ bytes that it holds"),
        (_filter_of_others, r"'?/x/data/v/features'? is packed by the filters \(32000,\); expected gzip"),
        (lambda file: file.create_group("y"), "has 2 groups; expected one computational sequence"),
        (lambda file: file["x/data"].create_group(" "), f"has an entry ' '; {_NO_NAME}"),
        (lambda file: file["x/data"].create_group(b"\xff"), rf"has an entry b'\\xff'; {_NO_NAME}"),
    ],
)
"""Changes for `spoil`, and what is said of each."""

no_sequences = pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + b"\0" * 500, None])
"""What `cut_off` writes."""


def cut_off(path: Path, content: bytes | None) -> Path:
    """Write something else over a sequence; None: only its beginning stays."""
    path.write_bytes(path.read_bytes()[:900] if content is None else content)
    return path
