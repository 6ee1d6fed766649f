import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from miniature_sspnet import CLIPS, Clip, write_sspnet

from trimodal.corpus import CorpusError, read_corpus

SHORT: Mapping[str, Clip] = {name: replace(clip, seconds=0.1) for name, clip in CLIPS.items()}
COUNTS = (
    "clips: 5 found, 1,430 published",
    "clips of train: 2 found, 793 published",
    "clips of valid: 1 found, 240 published",
    "clips of test: 2 found, 397 published",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_sspnet(tmp_path / "conflict", clips=SHORT)


def test_clips_with_levels_and_broadcasts(root: Path) -> None:
    corpus = read_corpus(root)
    assert corpus.layout == "sspnet-conflict"
    assert [(one.id, one.media) for one in corpus.recordings] == [
        (name, root / f"audiodata/{name}.wav") for name in CLIPS
    ]
    assert {one.id: one.labels for one in corpus.segments} == {
        name: {"conflict": clip.level, "broadcast": name[:8]} for name, clip in CLIPS.items()
    }
    # The numbers in a name are seconds of the debate.
    assert {(one.start_seconds, one.end_seconds) for one in corpus.segments} == {(0.0, None)}
    assert corpus.problems == COUNTS


def test_splits_follow_the_moderator_through_the_whole_broadcast(root: Path) -> None:
    corpus = read_corpus(root)
    assert {one.id: one.split for one in corpus.segments} == {name: clip.split for name, clip in CLIPS.items()}
    assert any("Interspeech 2013" in note for note in corpus.notes)


READ_SPLITS = """
import sys
from pathlib import Path
from trimodal.corpus import read_corpus
corpus = read_corpus(Path(sys.argv[1]))
print([one.split for one in corpus.segments], [line for line in corpus.problems if "moderator" in line])
"""


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_of_both_moderators_the_first_counts_whatever_the_order_of_sets(root: Path, seed: str) -> None:
    (root / "manualdiarization/07-01-31_1710_1740.csv").write_text("0.0,1.0, spk_153, spk_50\n")
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", READ_SPLITS, str(root)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == (
        "['train', 'train', 'train', 'test', 'test'] ['1 broadcasts have both moderators, of whom 50 counts: 07-01-31']"
    )


def test_clips_outside_of_the_folders_and_in_two(tmp_path: Path) -> None:
    root = write_sspnet(tmp_path / "conflict", sorted_into_folders=True, clips=SHORT)
    sounds = root / "audiodata"
    (sounds / "test/08-03-12_0_30.wav").rename(sounds / "08-03-12_0_30.wav")
    shutil.copy(sounds / "test/08-03-12_30_60.wav", sounds / "train")
    corpus = read_corpus(root)
    assert [one.split for one in corpus.segments][3:] == ["", "test"]
    assert corpus.problems[:2] == (
        "1 clips are in another folder, too, and not read there: train/08-03-12_30_60",
        "1 clips are outside of the folders of splits, and in no split: 08-03-12_0_30",
    )


def test_splits_of_folders(tmp_path: Path) -> None:
    root = write_sspnet(tmp_path / "conflict", sorted_into_folders=True, clips=SHORT)
    corpus = read_corpus(root)
    assert {one.id: one.split for one in corpus.segments} == {name: clip.split for name, clip in CLIPS.items()}
    assert corpus.notes == ("splits are those of the folders in which the clips are",)
    assert corpus.recordings[2].media == root / "audiodata/val/07-01-31_1710_1740.wav"
    for folder in (root / "audiodata").iterdir():
        folder.rename(root / folder.name)
    (root / "audiodata").rmdir()
    assert [one.split for one in read_corpus(root).segments] == [clip.split for clip in CLIPS.values()]


def test_a_broadcast_in_two_folders(tmp_path: Path) -> None:
    root = write_sspnet(tmp_path / "conflict", sorted_into_folders=True, clips=SHORT)
    (root / "audiodata/train/06-11-08_1290_1320.wav").rename(root / "audiodata/test/06-11-08_1290_1320.wav")
    assert read_corpus(root).problems[-1] == "1 broadcasts are in several splits: 06-11-08"


def test_without_diarization_there_is_no_split(root: Path) -> None:
    for file in (root / "manualdiarization").iterdir():
        file.unlink()
    corpus = read_corpus(root)
    assert {one.split for one in corpus.segments} == {""}
    assert corpus.problems == (
        "there are neither folders train, val and test nor manualdiarization, so that no clip is in a split; "
        "sort the clips, or give the recipe a split",
        COUNTS[0],
    )


def test_films_count_where_there_is_no_sound(root: Path) -> None:
    (root / "videodata").mkdir()
    for name in CLIPS:
        (root / f"videodata/{name}.flv").touch()
    assert "videodata is not used: audiodata has the same clips as sound" in read_corpus(root).notes
    (root / "audiodata").rename(root / ".audiodata")
    assert read_corpus(root).recordings[0].media == root / "videodata/06-11-08_1290_1320.flv"


def test_what_is_missing_and_what_is_more_is_in_one_report(root: Path) -> None:
    (root / "audiodata/08-03-12_0_30.wav").unlink()
    (root / "audiodata/06-11-08_1290_1320.wav").rename(root / "audiodata/06-11-08_0_30.wav")
    (root / "manualdiarization/07-01-31_1710_1740.csv").unlink()
    (root / "audiodata/._08-03-12_0_30.wav").touch()
    table = (root / "conflictlevel.csv").read_bytes().decode()
    table = table.replace("Name,Value", "Name,Value,Raters").replace("\r\n", ",10\r\n").replace("Raters,10", "Raters")
    row = "08-03-12_30_60.wav,1.0,dix "
    at = len(table) + len(row)
    (root / "conflictlevel.csv").write_bytes(f"{table}{row}é\r\n".encode("cp1252"))
    corpus = read_corpus(root)
    assert [one.id for one in corpus.segments] == ["06-11-08_1320_1350", "07-01-31_1710_1740", "08-03-12_30_60"]
    assert corpus.segments[2].labels["conflict"] == 10.0  # the first of both rows
    assert corpus.problems == (
        f"{root / 'conflictlevel.csv'}, line 7: byte {at} is not UTF-8; the file is read as Windows-1252",
        "1 clips are listed more than once: 08-03-12_30_60",
        "2 clips are listed and not in audiodata: 06-11-08_1290_1320, 08-03-12_0_30",
        "1 clips in audiodata are not listed: 06-11-08_0_30",
        "1 clips have no file in manualdiarization: 07-01-31_1710_1740",
        "clips: 3 found, 1,430 published",
        "clips of train: 1 found, 793 published",
        "clips of valid: 0 found, 240 published",
        "clips of test: 1 found, 397 published",
    )
    assert corpus.segments[1].split == ""  # nobody knows who moderated it
    assert any("columns are not used: Raters" in note for note in corpus.notes)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("conflictlevel.csv", "Name,Score\nx,1\n", "has no column 'Value'"),
        ("conflictlevel.csv", "Name,Value\n../x_1_2,1\n", r"line 2: 'Name' is '../x_1_2'; expected DATE_START_END"),
        (
            "conflictlevel.csv",
            "Name,Value\n08-03-12_0_30,high\n",
            "line 2: 'Value' is 'high'; expected a finite number",
        ),
        (
            "conflictlevel.csv",
            "Name,Value\n08-03-12_0_30,10.5\n",
            "line 2: 'Value' is 10.5; expected a level of conflict",
        ),
        ("conflictlevel.csv", "Name,Value\n01-01-01_0_30,1\n", r"none of 1 clips is in .*audiodata; expected NAME.wav"),
        ("manualdiarization/08-03-12_0_30.csv", "0,1, spk_9\n1,2, bob\n", "line 2: '1,2,bob'; expected START,END"),
        ("manualdiarization/08-03-12_0_30.csv", "0\n", "line 1: '0'; expected START,END"),
    ],
)
def test_errors_name_file_and_line(root: Path, file: str, text: str, message: str) -> None:
    (root / file).write_text(text)
    with pytest.raises(CorpusError, match=message):
        read_corpus(root)
