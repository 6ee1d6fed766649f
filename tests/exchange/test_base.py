import resource
import subprocess
import sys
from pathlib import Path

import pytest
from exchange_stores import ALIGNED, SCHEMAS, make_store
from stores import store_writer

from trimodal.cli import main
from trimodal.exchange import export
from trimodal.exchange.base import new_file
from trimodal.store import FeatureStore, StoreError


def test_a_file_is_whole_or_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), new_file(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert [file.name for file in tmp_path.iterdir()] == ["f"]
    assert path.read_text() == "old"
    with new_file(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a.store", ALIGNED)
    with pytest.raises(StoreError, match=r"a: cannot be written \(no such file or directory\); expected a folder"):
        export(store, "csv", tmp_path / "none" / "a", {})
    with pytest.raises(StoreError, match="a folder; expected the name of a file to write"):
        export(store, "csv", tmp_path, {})


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("multibench", ["text=text", "audio=audio", "vision=vision", "label=sentiment"]),
        ("numpy", []),
        ("parquet", ["output=text"]),
    ],
)
def test_a_full_disk_leaves_nothing(tmp_path: Path, format: str, options: list[str]) -> None:
    store = make_store(tmp_path / "a.store", ALIGNED)
    command = [sys.executable, "-m", "trimodal", "export", str(store.path), "--to", format]
    command += ["--out", str(tmp_path / "a.csd"), *(["--set", *options] if options else [])]
    result = _run_with_small_files(command, tmp_path)
    assert result.returncode == 2, result.stderr
    assert "a.csd: cannot be written (" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["a.store"]


def test_a_full_disk_under_hdf5_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """HDF5 may crash when Python ends after that, so the exit code tells nothing."""
    store = make_store(tmp_path / "a.store", ALIGNED)
    command = [sys.executable, "-m", "trimodal", "export", str(store.path), "--to", "csd", "--set", "output=text"]
    result = _run_with_small_files([*command, "--out", str(tmp_path / "a.csd")], tmp_path)
    assert result.returncode != 0
    assert "a.csd: cannot be written (" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["a.store"]


def _run_with_small_files(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command under a limit on the size of files, which fails as a full disk does."""
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, out = make_store(tmp_path / "a.store", ALIGNED).path, tmp_path / "a.tsv"
    command = ["export", str(store), "--to", "cm-bert", "--out", str(out)]
    assert main([*command, "--set", "label=sentiment", "--set", "split=train"]) == 0
    assert capsys.readouterr() == (f"{out}: written\n", "")
    assert out.read_text().count("\n") == 3
    assert main(command) == 2
    assert capsys.readouterr().err == "trimodal: cm-bert needs the option 'label'; expected label=NAME\n"


@pytest.mark.parametrize("format", ["csd", "webdataset", "safetensors", "numpy", "csv", "parquet"])
def test_a_store_without_segments(tmp_path: Path, format: str) -> None:
    with store_writer(tmp_path / "e.store", outputs=SCHEMAS, labels={"x": "number"}) as writer:
        writer.commit()
    options = {"csd": {"output": "audio"}, "csv": {"output": "audio"}}.get(format, {})
    assert export(FeatureStore(tmp_path / "e.store"), format, tmp_path / "e.csd", options) == []
    assert (tmp_path / "e.csd").is_file()
