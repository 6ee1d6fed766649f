import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from miniature_afew_va import CLIPS, write_afew_va
from miniature_iemocap import make_iemocap
from miniature_meld import write_meld
from miniature_mmsa import write_sims
from miniature_mosei import write_mosei
from miniature_mosi import write_mosi
from miniature_rated import write_rated
from miniature_recola import RECORDINGS, write_recola
from miniature_sewa import write_avec, write_sewa
from miniature_sspnet import write_sspnet

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
        CorpusError, match=r"no layout recognises it; name one with --layout \(.*manifest, kaldi, rated, folder\)"
    ):
        read_corpus(tmp_path / "a.mp4")


def test_layouts_describe_themselves() -> None:
    assert all(name == layout.name and layout.summary for name, layout in LAYOUTS.items())


@dataclass(frozen=True)
class Case:
    """A miniature, the layout that reads it, and the others that could."""

    write: Callable[[Path], object]
    layout: str
    others: tuple[str, ...] = ()


def write_list(name: str, content: str) -> Callable[[Path], object]:
    """Return what writes a clip and a list of it."""

    def write(root: Path) -> None:
        (root / "a.wav").touch()
        (root / name).write_text(content)

    return write


def write_recola_with_sound(root: Path) -> None:
    """Write names of sound beside the tables."""
    write_recola(root)
    (root / "recordings_audio").mkdir()
    for recording in RECORDINGS:
        (root / f"recordings_audio/{recording}.wav").touch()


def write_both_mosis(root: Path) -> None:
    """Write the sequences of CMU-MOSI into the folder of clips that MMSA has."""
    write_sims(root)
    write_mosi(root, "none")


MINIATURES = {
    "iemocap": Case(lambda root: make_iemocap(root, has_video=False), "iemocap", ("iemocap-sentences",)),
    "meld": Case(write_meld, "meld"),
    "sspnet": Case(write_sspnet, "sspnet-conflict"),
    "sspnet_sorted": Case(lambda root: write_sspnet(root, sorted_into_folders=True), "sspnet-conflict"),
    "mosi": Case(lambda root: write_mosi(root, "clips"), "cmu-mosi"),
    "mosi_sequences": Case(lambda root: write_mosi(root, "none"), "cmu-mosi"),
    "mosei": Case(lambda root: write_mosei(root, "clips"), "cmu-mosei"),
    "mosei_sequences": Case(lambda root: write_mosei(root, "none"), "cmu-mosei"),
    "sims": Case(write_sims, "mmsa"),
    "mosi_and_mmsa": Case(write_both_mosis, "cmu-mosi", ("mmsa",)),
    "afew_va": Case(lambda root: write_afew_va(root, {"003": CLIPS["003"]}), "afew-va"),
    "sewa": Case(lambda root: write_sewa(root, ["SEW1101"]), "sewa"),
    "avec_sewa": Case(write_avec, "sewa"),
    "recola": Case(write_recola, "recola"),
    "recola_with_media": Case(write_recola_with_sound, "recola"),
    "rated": Case(write_rated, "rated"),
    "kaldi": Case(write_list("wav.scp", "a a.wav\n"), "kaldi"),
    "manifest": Case(write_list("manifest.csv", "media\na.wav\n"), "manifest"),
    "folder": Case(write_list("a.txt", "words"), "folder"),
}


@pytest.mark.parametrize("name", MINIATURES)
def test_auto_knows_every_corpus(name: str, tmp_path: Path) -> None:
    """No other layout takes it but one for any folder; what else it can be is noted."""
    case, root = MINIATURES[name], tmp_path / name
    root.mkdir()
    case.write(root)
    recognising = [layout.name for layout in LAYOUTS.values() if layout.recognises(root)]
    assert recognising == list(dict.fromkeys([case.layout, *case.others, "folder"]))
    corpus = read_corpus(root)
    assert corpus.layout == case.layout
    assert corpus.segments
    note = f"{root} is read as {case.layout}; for what else it can be, --layout {' or '.join(case.others)}"
    assert (note in corpus.notes) == bool(case.others)


def test_the_clips_of_mmsa_beside_sequences_can_be_asked_for(tmp_path: Path) -> None:
    write_both_mosis(tmp_path)
    assert len(read_corpus(tmp_path, "mmsa").segments) == 4


def test_every_layout_has_a_miniature() -> None:
    assert {name for case in MINIATURES.values() for name in (case.layout, *case.others)} == set(LAYOUTS)


def write_odd_folder(root: Path) -> None:
    """Write what recognises-functions look for as what it should not be, and names that few programs expect."""
    for name in ("label.csv", "conflictlevel.csv", "train_sent_emo.csv", "wav.scp", "manifest.csv", "MELD.Raw/train"):
        (root / name).mkdir(parents=True)
    for name in ("Raw", "Session1", "ratings_gold_standard", "Original", "001"):
        (root / name).write_bytes(b"\xff\xfe\0")
    (root / "labels").mkdir()
    os.mkfifo(root / "labels/a.csv")
    (root / "labels/b.csv").write_bytes(bytes(range(256)))
    (root / "labels/c.csv").touch()
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "itself").symlink_to("itself")
    (root / "nowhere.csd").symlink_to("nothing")
    for name in (b"\xff\xfe.csv", b"a\nb.mp4", b" ", b"-rf", b"[a-", b"*", b"a\x1b[31m.csd"):
        (root / os.fsdecode(name)).touch()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_odd_folders_are_not_recognised_and_do_no_harm(layout: str, tmp_path: Path) -> None:
    write_odd_folder(tmp_path)
    assert LAYOUTS[layout].recognises(tmp_path) == (layout == "folder")


def test_a_folder_of_very_many_files_is_looked_at_as_far_as_patterns_reach(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*map(str, range(100)))
    deep.mkdir(parents=True)
    (deep / "001").mkdir()
    (deep / "001/001.json").touch()
    for number in range(3000):
        (tmp_path / f"{number}.mp4").touch()
    assert [name for name, layout in LAYOUTS.items() if layout.recognises(tmp_path)] == ["folder"]


@pytest.mark.parametrize("mode", [0o444, 0o300])
def test_a_folder_that_may_not_be_looked_at(mode: int, tmp_path: Path) -> None:
    """As nobody, as root may look at everything."""
    (tmp_path / "MELD.Raw").mkdir()
    (tmp_path / "wav.scp").touch()
    tmp_path.chmod(mode)
    script = """
import os, sys
from pathlib import Path
from trimodal.corpus import CorpusError, read_corpus
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    read_corpus(Path("."))
except CorpusError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    tmp_path.chmod(0o755)
    assert result.stdout == ".: cannot be read (permission denied); expected a corpus\n", result.stderr


def test_a_name_that_no_file_system_has() -> None:
    with pytest.raises(CorpusError, match=r"a: cannot be read \(file name too long\); expected a corpus"):
        read_corpus(Path("a" * 300))
