"""Reading a store against the memory's limit and other formats, by sections that can be run alone.

python benchmarks/store.py [opening] [batches] [formats] [cold] [--utterances 2000] [--dtypes float32] [--folder DIR]
"""

import argparse
import gc
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import store_formats
import torch
from torch.utils.data import DataLoader

from trimodal.store import (
    FeatureStore,
    OutputArrays,
    OutputSchema,
    Sample,
    SegmentRow,
    ShardWriter,
    StoreDescription,
    StoreWriter,
)
from trimodal.store.loading import (
    BatchOrder,
    BatchSampler,
    RingLoader,
    SegmentDataset,
    Segments,
    TorchLoader,
    collate,
)

# Columns and rows a second of every output; words come three a second.
OUTPUTS = {"face": (512, 100), "mfcc": (120, 100), "egemaps": (25, 100), "speech": (768, 50), "words": (768, 3)}
SECTIONS = ("opening", "batches", "formats", "cold")
ROUNDS = 5
BATCH = 32
MIB = 2**20
Epoch = Callable[[], Any]


def write(path: Path, utterances: int, dtype: str) -> None:
    """Write a store of random numbers: utterances of 1 to 15 s, 4 s in the mean."""
    random = np.random.default_rng(0)
    outputs = {
        name: OutputSchema(
            dtype=dtype, shape=(columns,), names=(), unit="", timeline="none", pool="mean", gaps="zero", has_text=False
        )
        for name, (columns, _) in OUTPUTS.items()
    }
    description = StoreDescription(
        outputs=outputs, labels={}, recipe_name="bench", recipe_text="", version="0", key="", shard_bytes=256 * MIB
    )
    with StoreWriter(path, description, {}) as writer:
        for number, seconds in enumerate(np.clip(random.gamma(2, 2, utterances), 1, 15)):
            segment = SegmentRow(
                id=f"{number:05d}", recording=f"{number:05d}", start=0.0, end=20.0, split="train", speaker="", text="",
                labels={},
            )  # fmt: skip
            arrays = {
                name: _arrays(int(seconds * rate), columns, dtype, random) for name, (columns, rate) in OUTPUTS.items()
            }
            writer.append([segment], arrays, [], {}, {})
        writer.commit()


def _arrays(rows: int, columns: int, dtype: str, random: np.random.Generator) -> OutputArrays:
    starts = np.arange(rows) / 100
    return OutputArrays(
        values=random.standard_normal((rows, columns), np.float32).astype(dtype),
        times=np.stack([starts, starts + 0.01], axis=1),
        mask=np.ones(rows, bool),
        coverage=np.ones(rows, np.float32),
        offsets=np.array([0, rows]),
    )


def copy_rows(store: FeatureStore, places: list[list[Any]], buffer: np.ndarray) -> None:
    """Copy all rows in a given order out of the maps: the limit."""
    for views in places:
        for view in views:
            buffer[: view.nbytes].view(view.dtype)[: view.size] = view.reshape(-1)


def copy_store(store: FeatureStore, order: np.ndarray, buffer: np.ndarray) -> None:
    for number in order.tolist():
        for name in OUTPUTS:
            view = store.values(name, number)
            buffer[: view.nbytes].view(view.dtype)[: view.size] = view.reshape(-1)


def slice_store(files: list[h5py.File], order: np.ndarray, ends: list[int]) -> None:
    for number in order:
        shard = int(np.searchsorted(ends, number, "right"))
        local = number - (ends[shard - 1] if shard else 0)
        for name in OUTPUTS:
            first, last = files[shard][f"outputs/{name}/offsets"][local : local + 2]
            files[shard][f"outputs/{name}/values"][first:last]


def copy_padded(batches: list[list[list[np.ndarray]]], buffers: list[np.ndarray]) -> None:
    """Copy the rows of batches and zero the padding behind them: the limit of padded batches."""
    for batch in batches:
        for views, buffer in zip(batch, buffers, strict=True):
            longest, columns = max(map(len, views)), views[0].shape[1]
            padded = buffer[: len(views) * longest * columns].reshape(len(views), longest, columns)
            for target, view in zip(padded, views, strict=True):
                target[: len(view)] = view
                target[len(view) :] = 0


def go_through(batches: Any) -> None:
    for _ in batches:
        pass


def pad_sequences(samples: list[Sample]) -> dict[str, Any]:
    """Collate as training code usually does."""
    return {
        name: torch.nn.utils.rnn.pad_sequence(
            [torch.from_numpy(np.array(sample.outputs[name].values)) for sample in samples], batch_first=True
        )
        for name in OUTPUTS
    }


def grouped(path: Path, batches: list[np.ndarray]) -> Iterator[Any]:
    with h5py.File(path) as file:
        for batch in batches:
            yield [
                torch.nn.utils.rnn.pad_sequence(
                    [torch.from_numpy(file[f"{name}/{number}"][...]) for number in batch], batch_first=True
                )
                for name in OUTPUTS
            ]


def compare(title: str, limit: Epoch, rows: dict[str, Epoch], payload: int) -> dict[str, float]:
    """Time every row in turn with the limit, once without counting and then `ROUNDS` times; print medians of ratios.

    Returns the ratios to the limit.
    """
    alone = []
    ratios = {}
    print(f"\n{title:58} {'ratio':>6} {'of CPU':>6} {'GB/s':>6} {'load':>5}")
    for name, epoch in rows.items():
        limit(), epoch()
        pairs = [(seconds(limit), seconds(epoch)) for _ in range(ROUNDS)]
        alone += [first for (first, _), _ in pairs]
        ratio = statistics.median(first / second for (first, _), (second, _) in pairs)
        cpu_ratio = statistics.median(first / second for (_, first), (_, second) in pairs)
        ratios[name] = ratio
        rate = payload / statistics.median(second for _, (second, _) in pairs) / 1e9
        print(f"{name:58} {ratio:6.3f} {cpu_ratio:6.3f} {rate:6.2f} {os.getloadavg()[0]:5.1f}", flush=True)
    print(f"{'(the limit itself)':58} {1:6.3f} {1:6.3f} {payload / statistics.median(alone) / 1e9:6.2f}")
    return ratios


def seconds(epoch: Epoch) -> tuple[float, float]:
    """Return how long an epoch takes, and the processor time that all threads of this process take for it."""
    started, busy = time.perf_counter(), time.process_time()
    epoch()
    return time.perf_counter() - started, time.process_time() - busy


def measure_formats(folder: Path, utterances: int, dtype: str) -> None:
    store = FeatureStore(folder / "bench.store")
    order = np.random.default_rng(1).permutation(utterances)
    views = [[store.rows(name, number).values for name in OUTPUTS] for number in order]
    payload = sum(view.nbytes for rows in views for view in rows)
    buffer = np.ones(max(view.nbytes for rows in views for view in rows), np.uint8)
    limit = partial(copy_rows, store, views, buffer)
    files = [h5py.File(folder / "bench.store" / shard.file) for shard in store.manifest.shards]
    ends = np.cumsum([shard.segments for shard in store.manifest.shards]).tolist()
    rows = {
        "this store, mapped": partial(copy_store, store, order, buffer),
        "this store, h5py slices": partial(slice_store, files, order, ends),
    }
    print(f"\n== {utterances} utterances, {dtype}, {payload / 1e9:.2f} GB, load {os.getloadavg()[0]:.1f}")
    compare("reading in random order, values only", limit, rows, payload)
    for name, make in store_formats.FORMATS.items():
        with tempfile.TemporaryDirectory(dir=folder) as other:
            try:
                epoch = make(store, list(OUTPUTS), Path(other))
            except ImportError as error:
                print(f"{name:58} not measured: {error}")
                continue
            compare(f"  {name}", limit, {name: partial(epoch, order)}, payload)
            del epoch
            gc.collect()


def measure_batches(folder: Path, utterances: int, dtype: str) -> None:
    path = folder / "bench.store"
    store = FeatureStore(path)
    segments, dataset = Segments(store), SegmentDataset(store)
    order = BatchOrder(batch_size=BATCH)
    indices = [np.array([index for _, index in batch]) for batch in BatchSampler(segments, order)]
    views = [[[store.rows(name, number).values for number in batch] for name in OUTPUTS] for batch in indices]
    payload = sum(view.nbytes for batch in views for rows in batch for view in rows)
    sizes = [
        max(max(map(len, batch[place])) * batch[place][0].shape[1] for batch in views) for place in range(len(OUTPUTS))
    ]
    buffers = [np.ones(size * BATCH, dtype) for size in sizes]
    limit = partial(copy_padded, views, buffers)
    loaders = {
        f"RingLoader, {threads} threads": RingLoader(segments, order, threads=threads) for threads in (0, 1, 2)
    } | {"TorchLoader, 2 threads, float32": TorchLoader(segments, order, threads=2)}
    if torch.cuda.is_available():
        loaders["TorchLoader, 2 threads, cuda"] = TorchLoader(segments, order, threads=2, device="cuda")
    rows: dict[str, Epoch] = {name: partial(go_through, loader) for name, loader in loaders.items()}
    rows["torch DataLoader over it, pad_sequence, 0 workers"] = partial(
        go_through, DataLoader(dataset, batch_sampler=BatchSampler(dataset, order), collate_fn=pad_sequences)
    )
    for workers in (0, 2):
        loader = DataLoader(
            dataset, batch_sampler=BatchSampler(dataset, order), collate_fn=collate, num_workers=workers
        )
        rows[f"torch DataLoader over it, collate, {workers} workers"] = partial(go_through, loader)
    with tempfile.TemporaryDirectory(dir=folder) as other:
        groups = Path(other) / "groups.h5"
        store_formats.write_groups(store, list(OUTPUTS), groups)
        rows["a group per utterance, pad_sequence"] = lambda: go_through(grouped(groups, indices))
        ratios = compare(f"padded batches of {BATCH}, {dtype}", limit, rows, payload)
    ours = max((name for name in ratios if name in loaders), key=ratios.__getitem__)
    for theirs in (name for name in ratios if name.startswith("torch DataLoader")):
        print(f"{ours} to {theirs}: {ratios[ours] / ratios[theirs]:.1f}")


def measure_cold(folder: Path) -> None:
    """Read what the page cache has dropped: in processes of their own, because mapped pages cannot be dropped."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        found: dict[str, list[tuple[float, float]]] = {"disk": [], "ring": []}
        for _ in range(ROUNDS):
            for name, read in (("disk", _read_cold_disk), ("ring", _read_cold_ring)):
                found[name].append(pool.apply(read, (folder / "bench.store",)))
    rates = {name: statistics.median(rate for rate, _ in rounds) for name, rounds in found.items()}
    from_disk = min(share for rounds in found.values() for _, share in rounds)
    print(f"\ncold cache, padded batches, 2 threads: {rates['ring'] / 1e9:.2f} GB/s")
    print(f"pread of the same rows in the same order, 2 threads: {rates['disk'] / 1e9:.2f} GB/s")
    print(f"ratio {rates['ring'] / rates['disk']:.2f}; at least {from_disk:.0%} came from the disk")


def _read_cold_ring(path: Path) -> tuple[float, float]:
    loader = RingLoader(Segments(path), BatchOrder(batch_size=BATCH), threads=2)
    return _cold(
        path, lambda: sum(sum(int(batch[n]["lengths"].sum()) * OUTPUTS[n][0] for n in OUTPUTS) for batch in loader)
    )


def _read_cold_disk(path: Path) -> tuple[float, float]:
    store = FeatureStore(path)
    files = {shard.file: os.open(path / shard.file, os.O_RDONLY) for shard in store.manifest.shards}
    ranges = []
    for batch in BatchSampler(Segments(store), BatchOrder(batch_size=BATCH)):
        for _, number in batch:
            for name in OUTPUTS:
                values = whole = store.rows(name, number).values
                while not isinstance(whole, np.memmap):
                    whole = whole.base
                ranges.append((files[Path(whole.filename).name], values.ctypes.data - whole.ctypes.data, values.nbytes))
    largest = max(size for _, _, size in ranges)

    def read() -> int:
        def part(which: int) -> None:
            buffer = memoryview(bytearray(largest))
            for file, offset, size in ranges[which::2]:
                os.preadv(file, [buffer[:size]], offset)

        threads = [threading.Thread(target=part, args=(which,)) for which in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(size for _, _, size in ranges) // 4

    return _cold(path, read)


def _cold(path: Path, read: Callable[[], int]) -> tuple[float, float]:
    """Drop the store from the page cache; return payload bytes (float32) a second, and the part that the disk gave."""
    for shard in path.glob("*.h5"):
        file = os.open(shard, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)
    before = _disk_bytes()
    started = time.perf_counter()
    payload = read() * 4
    taken = time.perf_counter() - started
    return payload / taken, min((_disk_bytes() - before) / payload, 1)


def _disk_bytes() -> int:
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["read_bytes"])


def write_many(path: Path, segments: int, shards: int) -> None:
    """Write a store of many short segments, ten of each recording."""
    outputs = {
        name: OutputSchema(
            dtype="float32", shape=(1,), names=(), unit="", timeline="none", pool="mean", gaps="zero", has_text=False
        )
        for name in OUTPUTS
    }
    description = StoreDescription(
        outputs=outputs, labels={"sentiment": "number"}, recipe_name="bench", recipe_text="", version="0", key="",
        shard_bytes=2**40,
    )  # fmt: skip
    random = np.random.default_rng(0)
    with StoreWriter(path, description, {}) as writer:
        for worker, numbers in enumerate(np.array_split(np.arange(segments), shards)):
            shard = ShardWriter(writer.folder, description, worker=worker + 1)
            for recording in np.split(numbers, range(10, len(numbers), 10)):
                rows = [
                    SegmentRow(
                        id=f"{number:06d}", recording=f"recording {recording[0]:06d}", start=0.0, end=20.0,
                        split="train", speaker=f"speaker {recording[0] % 50}",
                        text="what somebody says in this segment", labels={"sentiment": float(number % 7 - 3)},
                    )
                    for number in recording
                ]  # fmt: skip
                one = _arrays(len(rows), 1, "float32", random)
                arrays = replace(one, offsets=np.arange(len(rows) + 1))
                shard.append(rows, dict.fromkeys(OUTPUTS, arrays), [], {}, {})
            writer.adopt(shard.close())
        writer.commit()


def measure_opening(folder: Path, segments: int = 100_000, shards: int = 64) -> None:
    """Time how long it takes until a large store can be used: wall time, and processor time for busy machines."""
    path = folder / "many.store"
    write_many(path, segments, shards)
    rows: dict[str, Epoch] = {
        "opened": lambda: FeatureStore(path),
        "opened, and one segment read": lambda: FeatureStore(path)[segments // 2],
        "opened, with the whole segment table": lambda: FeatureStore(path).segments,
        "opened for training": lambda: Segments(path),
    }
    print(f"\n{f'a store of {segments} segments in {shards} shards':58} {'s':>8} {'s of CPU':>8} {'load':>5}")
    for name, use in rows.items():
        use()
        found = [seconds(use) for _ in range(ROUNDS)]
        wall, busy = (statistics.median(one[place] for one in found) for place in (0, 1))
        print(f"{name:58} {wall:8.4f} {busy:8.4f} {os.getloadavg()[0]:5.1f}", flush=True)


def main(sections: list[str], utterances: int, dtypes: list[str], parent: str | None) -> None:
    with tempfile.TemporaryDirectory(dir=parent) as name:
        if "opening" in sections:
            measure_opening(Path(name))
        for dtype in dtypes if {*sections} - {"opening"} else ():
            folder = Path(name) / dtype
            folder.mkdir()
            write(folder / "bench.store", utterances, dtype)
            if "batches" in sections:
                measure_batches(folder, utterances, dtype)
            if "formats" in sections:
                measure_formats(folder, utterances, dtype)
            gc.collect()
            if "cold" in sections and dtype == "float32":
                measure_cold(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Reading a store against the memory's limit and other formats.")
    listed = ", ".join(SECTIONS)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{listed}; all where none is given")
    parser.add_argument("--utterances", type=int, default=2000)
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "float16"), default=["float32", "float16"])
    parser.add_argument("--folder", help="where stores are written; the system's temporary folder where not given")
    arguments = parser.parse_args()
    if unknown := {*arguments.sections} - {*SECTIONS}:
        parser.error(f"no section is called {', '.join(sorted(unknown))}; expected {listed}")
    main(arguments.sections or [*SECTIONS], arguments.utterances, arguments.dtypes, arguments.folder)
