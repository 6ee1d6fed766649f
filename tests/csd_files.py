"""Computational sequences as the CMU Multimodal SDK writes them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def write_csd(path: Path, root: str, entries: Mapping[str, tuple[Any, Any]]) -> Path:
    """Write ``/<root>/data/<recording>/{features, intervals}`` and the metadata that the SDK asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        data = file.create_group(f"{root}/data")
        for name, (features, intervals) in entries.items():
            entry = data.create_group(name)
            entry.create_dataset("features", data=np.asarray(features), compression="gzip", compression_opts=9)
            entry.create_dataset("intervals", data=np.asarray(intervals), compression="gzip", compression_opts=9)
        metadata = file.create_group(f"{root}/metadata")
        for key, value in {"root name": root, "dimension names": [], "creator": "a test"}.items():
            metadata.create_dataset(key, data=[json.dumps(value)], dtype=h5py.string_dtype())
    return path
