"""The same features in other formats, for benchmarks/store.py: each writes a copy and returns what reads an epoch."""

import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trimodal.store import FeatureStore

Reader = Callable[[np.ndarray], Any]


def write_groups(store: FeatureStore, outputs: Sequence[str], path: Path) -> None:
    with h5py.File(path, "w") as file:
        for number in range(len(store)):
            for name in outputs:
                file[f"{name}/{number}"] = store.rows(name, number).values


def groups(store: FeatureStore, outputs: Sequence[str], folder: Path) -> Reader:
    """One dataset per utterance and output."""
    write_groups(store, outputs, folder / "groups.h5")

    def epoch(order: np.ndarray) -> None:
        with h5py.File(folder / "groups.h5") as file:
            for number in order:
                for name in outputs:
                    file[f"{name}/{number}"][...]

    return epoch


def csd(store: FeatureStore, outputs: Sequence[str], folder: Path) -> Reader:
    """One group per utterance and output, with features and intervals, as in .csd files."""
    for name in outputs:
        with h5py.File(folder / f"{name}.csd", "w") as file:
            for number in range(len(store)):
                rows = store.rows(name, number)
                file[f"{name}/data/{number}/features"] = rows.values
                file[f"{name}/data/{number}/intervals"] = rows.times

    def epoch(order: np.ndarray) -> None:
        files = {name: h5py.File(folder / f"{name}.csd") for name in outputs}
        for number in order:
            for name, file in files.items():
                file[f"{name}/data/{number}/features"][...]
                file[f"{name}/data/{number}/intervals"][...]
        for file in files.values():
            file.close()

    return epoch


def blosc2(store: FeatureStore, outputs: Sequence[str], folder: Path) -> Reader:
    """All utterances in one dataset, in chunks of 64 rows with bit shuffling and LZ4."""
    import hdf5plugin

    path = folder / "blosc2.h5"
    offsets = {}
    with h5py.File(path, "w") as file:
        for name in outputs:
            lengths = [len(store.rows(name, number)) for number in range(len(store))]
            offsets[name] = np.cumsum([0, *lengths])
            schema = store.outputs[name]
            dataset = file.create_dataset(
                name,
                (offsets[name][-1], *schema.shape),
                schema.dtype,
                chunks=(64, *schema.shape),
                **hdf5plugin.Blosc2(cname="lz4", clevel=5, filters=hdf5plugin.Blosc2.BITSHUFFLE),
            )
            for number in range(len(store)):
                dataset[offsets[name][number] : offsets[name][number + 1]] = store.rows(name, number).values

    def epoch(order: np.ndarray) -> None:
        with h5py.File(path) as file:
            for number in order:
                for name in outputs:
                    file[name][offsets[name][number] : offsets[name][number + 1]]

    return epoch


def webdataset(store: FeatureStore, outputs: Sequence[str], folder: Path) -> Reader:
    """Tar files of .npy members, read in their order through a shuffle buffer of 100 utterances."""
    import webdataset as wds

    step = 100
    for first in range(0, len(store), step):
        with tarfile.open(folder / f"{first:05d}.tar", "w") as tar:
            for number in range(first, min(first + step, len(store))):
                for name in outputs:
                    member = io.BytesIO()
                    np.save(member, store.rows(name, number).values)
                    info = tarfile.TarInfo(f"{number:05d}.{name}.npy")
                    info.size = member.tell()
                    member.seek(0)
                    tar.addfile(info, member)
    shards = sorted(map(str, folder.glob("*.tar")))

    def epoch(order: np.ndarray) -> None:
        for _ in wds.WebDataset(shards, shardshuffle=len(shards), empty_check=False).shuffle(100).decode():
            pass

    return epoch


def litdata(store: FeatureStore, outputs: Sequence[str], folder: Path) -> Reader:
    """Chunks of 64 MB, read in random order by index."""
    from litdata import StreamingDataset
    from litdata.streaming.writer import BinaryWriter

    writer = BinaryWriter(str(folder), chunk_bytes="64MB")
    for number in range(len(store)):
        writer.add_item(number, {name: np.array(store.rows(name, number).values) for name in outputs})
    writer.done()
    writer.merge()
    dataset = StreamingDataset(str(folder))

    def epoch(order: np.ndarray) -> None:
        for number in order:
            dataset[int(number)]

    return epoch


def mds(store: FeatureStore, outputs: Sequence[str], folder: Path) -> Reader:
    """Shards of 64 MB, read in random order by index."""
    from streaming import LocalDataset, MDSWriter

    columns = {name: f"ndarray:{store.outputs[name].dtype}" for name in outputs}
    with MDSWriter(out=str(folder), columns=columns, size_limit=64 * 2**20) as writer:
        for number in range(len(store)):
            writer.write({name: np.array(store.rows(name, number).values) for name in outputs})
    dataset = LocalDataset(str(folder))

    def epoch(order: np.ndarray) -> None:
        for number in order:
            dataset[int(number)]

    return epoch


FORMATS: dict[str, Callable[[FeatureStore, Sequence[str], Path], Reader]] = {
    "a dataset per utterance": groups,
    "a group per utterance, with intervals (.csd)": csd,
    "chunked, blosc2": blosc2,
    "webdataset, in its own order": webdataset,
    "litdata": litdata,
    "MDS (mosaicml-streaming)": mds,
}
