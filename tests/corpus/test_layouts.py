from pathlib import Path

import pytest

from trimodal.corpus import LAYOUTS, CorpusError, read_corpus
from trimodal.errors import UsageError


@pytest.mark.parametrize(
    ("files", "target", "layout"),
    [
        (["a.mp4"], ".", "folder"),
        (["a.mp4", "manifest.csv"], ".", "manifest"),
        (["a.mp4", "manifest.csv"], "manifest.csv", "manifest"),
        (["a.mp4", "LIST.CSV"], "LIST.CSV", "manifest"),
        (["a.mp4", "LIST.CSV"], ".", "folder"),
        (["a.mp4", "x/manifest.csv"], ".", "folder"),
        (["a.mp4", "manifest.csv", "wav.scp"], ".", "manifest"),
    ],
)
def test_auto_takes_the_most_specific_layout(files: list[str], target: str, layout: str, tmp_path: Path) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("media\na.mp4\n")
    found = read_corpus(tmp_path / target)
    assert found.layout == layout
    assert [recording.id for recording in found.recordings] == ["a"]


def test_a_named_layout_wins(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media\na.mp4\n")
    (tmp_path / "b.mp4").touch()
    assert [recording.id for recording in read_corpus(tmp_path, "folder").recordings] == ["b"]
    assert [recording.id for recording in read_corpus(tmp_path, "manifest").recordings] == ["a"]


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("manifst", "no layout is called 'manifst'; did you mean 'manifest'\\?"),
        ("Folder", "no layout is called 'Folder'; did you mean 'folder'\\?"),
        ("xyz", "no layout is called 'xyz'; known: .*auto, .*folder, .*kaldi, manifest"),
    ],
)
def test_an_unknown_layout(layout: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        read_corpus(tmp_path, layout)


@pytest.mark.parametrize("layout", ["auto", *LAYOUTS])
def test_a_missing_path(layout: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="nowhere: no such file or folder; expected a corpus"):
        read_corpus(tmp_path / "nowhere", layout)


def test_no_layout_recognises_a_video(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(
        CorpusError, match=r"no layout recognises it; name one with --layout \(.*manifest, kaldi, folder\)"
    ):
        read_corpus(tmp_path / "a.mp4")


def test_layouts_describe_themselves() -> None:
    assert all(name == layout.name and layout.summary for name, layout in LAYOUTS.items())
