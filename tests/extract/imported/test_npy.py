import pickle
from pathlib import Path

import numpy as np
import pytest

from trimodal.errors import TrackError
from trimodal.extract.imported.npy import read_npy


def test_times_are_of_rate_and_start(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float16).reshape(3, 2)
    np.save(tmp_path / "a.npy", values)
    found = read_npy(tmp_path / "a.npy", 25.0, 0.5)
    np.testing.assert_allclose(found.times, [[0.5, 0.54], [0.54, 0.58], [0.58, 0.62]])
    np.testing.assert_array_equal(found.values, values)
    np.save(tmp_path / "b.npy", np.arange(3))
    assert read_npy(tmp_path / "b.npy", 1.0, 0.0).values.shape == (3, 1)


def header(shape: str, descr: str = "'<f4'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


class Bomb:
    """Ends the tests if it is ever unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a whole array"),
        (b"not numpy at all", "not a whole array"),
        (pickle.dumps(np.ones(3)), "not a whole array"),
        (pickle.dumps(Bomb()), "not a whole array"),
        (header("(1000000000, 1000000)"), "not a whole array"),
        (header("(-1, 3)"), "not a whole array"),
        (header("(3, 2)"), "not a whole array"),
        (header("(1,)", "'|O'") + pickle.dumps([Bomb()]), "not a whole array"),
        (header("(1, 1)", "'<U1'") + b"aaaa", r"is <U1 of shape \(1, 1\); expected rows of numbers"),
        (header("(1, 1, 1)") + b"aaaa", r"of shape \(1, 1, 1\); expected rows of numbers"),
        (header("(1, 1)", "'<c8'") + b"aaaaaaaa", "is complex64"),
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(TrackError, match=message):
        read_npy(tmp_path / "a.npy", 25.0, 0.0)


def test_an_archive_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", np.ones(3))
    with pytest.raises(TrackError, match="holds several arrays; expected one"):
        read_npy(tmp_path / "a.npz", 25.0, 0.0)
    with pytest.raises(TrackError, match="not a whole array"):
        read_npy(tmp_path / "none.npy", 25.0, 0.0)


def test_an_array_that_is_too_large(tmp_path: Path) -> None:
    with open(tmp_path / "a.npy", "wb") as file:
        file.write(header(f"({2**28}, 3)"))
        file.truncate(2**28 * 12 + 128)
    with pytest.raises(TrackError, match=r"3\.0 GiB; expected at most 2 GiB"):
        read_npy(tmp_path / "a.npy", 25.0, 0.0)
