import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from trimodal.errors import TrackError
from trimodal.extract import track_file
from trimodal.extract.track_file import TrackWriter, read_made_by, read_track
from trimodal.track import TEXT, Field, Gap, Track, numpy_dtype

SCHEMA = {"values": Field(shape=(3,), columns=("a", "b", "c"), unit="px"), "text": Field(dtype=TEXT)}


def _piece(rows: int, start: float = 0.0) -> Track:
    starts = start + np.arange(rows, dtype=np.float64)
    fields = {
        "values": np.random.default_rng(rows).normal(size=(rows, 3)).astype(np.float32),
        "text": np.array([f"wörd {number}" for number in range(rows)], numpy_dtype(TEXT)),
    }
    gap = Gap(start_seconds=start, end_seconds=start + 1, reason="nothing thére")
    return Track(schema=SCHEMA, times=np.stack([starts, starts + 0.5], axis=1), fields=fields, gaps=(gap,))


def _write(path: Path, pieces: list[Track]) -> None:
    with TrackWriter(path, SCHEMA, '{"extractor": "test"}') as writer:
        for piece in pieces:
            writer.append(piece)
        writer.commit()


@pytest.mark.parametrize("buffer", [1, 100, 16 * 2**20])
@pytest.mark.parametrize("sizes", [[], [0], [5], [3, 0, 4, 100]])
def test_round_trip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], buffer: int) -> None:
    monkeypatch.setattr(track_file, "_BUFFER_BYTES", buffer)
    pieces = [_piece(size, 1000.0 * number) for number, size in enumerate(sizes)]
    _write(tmp_path / "t.h5", pieces)
    track = read_track(tmp_path / "t.h5", SCHEMA)
    assert len(track) == sum(sizes)
    assert track.gaps == tuple(gap for piece in pieces for gap in piece.gaps)
    if sizes:
        np.testing.assert_array_equal(track.values, np.concatenate([piece.values for piece in pieces]))
        np.testing.assert_array_equal(track.times, np.concatenate([piece.times for piece in pieces]))
        assert track.fields["text"].tolist() == [text for piece in pieces for text in piece.fields["text"].tolist()]
    assert read_made_by(tmp_path / "t.h5") == '{"extractor": "test"}'


def test_the_same_pieces_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.h5", "other.h5"):
        _write(tmp_path / name, [_piece(5)])
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "other.h5").read_bytes()


def test_columns_and_unit_are_in_the_file(tmp_path: Path) -> None:
    _write(tmp_path / "t.h5", [_piece(5)])
    with h5py.File(tmp_path / "t.h5") as file:
        assert file["fields/values"].attrs["columns"].tolist() == ["a", "b", "c"]
        assert file["fields/values"].attrs["unit"] == "px"


def test_nothing_stays_of_a_track_that_was_not_finished(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), TrackWriter(tmp_path / "t.h5", SCHEMA, "{}") as writer:
        writer.append(_piece(5))
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_the_content_is_on_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def sync(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size, (tmp_path / "t.h5").exists()))

    monkeypatch.setattr(os, "fsync", sync)
    _write(tmp_path / "t.h5", [_piece(5)])
    status = (tmp_path / "t.h5").stat()
    assert synced == [(status.st_ino, status.st_size, False)]


def test_damaged_and_foreign_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "t.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(TrackError, match=r"t\.h5: not a readable track"):
        read_track(path, SCHEMA)
    with pytest.raises(TrackError, match=r"t\.h5: not a readable track"):
        read_made_by(path)
    _write(path, [_piece(5)])
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(TrackError, match=r"t\.h5: not a readable track \(.*truncated file.*the next run makes it"):
        read_track(path, SCHEMA)
    path.unlink()
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "other"
    with pytest.raises(TrackError, match="format other version None; expected trimodal-track version 1"):
        read_track(path, SCHEMA)
    path.unlink()
    _write(path, [_piece(5)])
    with h5py.File(path, "a") as file:
        del file["fields/text"]
    with pytest.raises(TrackError, match="has no dataset 'fields/text'"):
        read_track(path, SCHEMA)
