import shutil
from pathlib import Path

import pytest
from changed_files import change
from miniature_mmsa import MOSI, SIMS, write_mosi_of_mmsa, write_sims

from trimodal.corpus import Corpus, CorpusError, read_corpus
from trimodal.corpus import mmsa as layout


@pytest.fixture(scope="module")
def sims(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sims(tmp_path_factory.mktemp("mmsa") / "CH-SIMS")


@pytest.fixture
def changed(sims: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(sims, tmp_path / "CH-SIMS"))


def rewritten(root: Path, old: str, new: str) -> Corpus:
    change(root / "label.csv", old, new)
    return read_corpus(root)


def test_clips_with_their_labels(sims: Path) -> None:
    found = read_corpus(sims)
    assert found.layout == "mmsa"
    assert [one.id for one in found.recordings] == [row.name for row in SIMS]
    assert found.recordings[3].media == sims / "Raw/video_0060/0010.mp4"
    for segment, row in zip(found.segments, SIMS, strict=True):
        assert (segment.id, segment.recording, segment.split, segment.text) == (row.name, row.name, row.mode, row.text)
        assert row.of_modalities is not None
        labels = dict(zip(("label", "label_T", "label_A", "label_V"), (row.label, *row.of_modalities), strict=True))
        assert segment.labels == {**labels, "annotation": row.annotation, "video": row.video}


def test_counts_are_compared_with_the_published_ones(sims: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_corpus(sims).problems == (
        "CH-SIMS, videos: 3 found, 60 published",
        "CH-SIMS, clips: 4 found, 2,281 published",
        "CH-SIMS, train: 2 found, 1,368 published",
        "CH-SIMS, valid: 1 found, 456 published",
        "CH-SIMS, test: 1 found, 457 published",
    )
    counts = {"videos": 3, "clips": 4, "train": 2, "valid": 1, "test": 1}
    monkeypatch.setattr(layout, "_SIMS_COUNTS", counts)
    found = read_corpus(sims)
    assert found.problems == () and "CH-SIMS, clips: 4 as published" in found.notes


def test_mosi_has_no_labels_of_modalities(sample: Path, tmp_path: Path) -> None:
    found = read_corpus(write_mosi_of_mmsa(tmp_path, sample))
    assert found.problems == ()
    assert found.notes == ("3 clips of 2 videos: 1 train, 1 valid, 1 test",)
    assert found.segments[0].labels == {"label": 2.4, "annotation": "Positive", "video": MOSI[0].video}


def test_zeros_that_a_program_for_tables_dropped(changed: Path) -> None:
    found = rewritten(changed, "video_0001,0002", "video_0001,2")
    assert found.problems[0] == "1 clips have lost the zeros at the beginning of their ids: video_0001/2"
    assert found.segments[1].id == "video_0001/0002"


def test_clips_that_are_missing_extra_or_listed_twice(changed: Path) -> None:
    (changed / "Raw/video_0001/0001.mp4").unlink()
    shutil.copy(changed / "Raw/video_0002/0001.mp4", changed / "Raw/video_0002/0007.mp4")
    (changed / "Raw/video_0002/._0001.mp4").touch()
    again = ",".join(SIMS[3].cells)
    found = rewritten(changed, again, f"{again}\r\n{again}")
    assert found.problems[:3] == (
        "1 clips are listed more than once: video_0060/0010",
        "1 clips are listed and not in Raw: video_0001/0001",
        "1 clips in Raw are not listed: video_0002/0007",
    )
    assert [segment.id for segment in found.segments] == [row.name for row in SIMS[1:]]


def test_a_table_in_another_encoding_and_with_more_columns(sample: Path, tmp_path: Path) -> None:
    root = write_mosi_of_mmsa(tmp_path, sample)
    text = (root / "label.csv").read_text().replace("label_V,", "label_V,rater,").replace(",,,,", ",,,,7,")
    (root / "label.csv").write_bytes(text.replace("makes", "make\u2019s").encode("cp1252"))
    found = read_corpus(root)
    assert found.problems == (
        f"{root / 'label.csv'}, line 2: byte 112 is not UTF-8; the file is read as Windows-1252",
        f"{root / 'label.csv'}: 1 columns are not used: rater",
    )
    assert found.segments[0].text == "I love this song it make\u2019s me so happy"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mode", "split", r"label\.csv: has no column 'mode'"),
        (",train", ",dev", "line 2: 'mode' is 'dev'; expected train, valid, test"),
        (",-0.8,", ",bad,", "line 2: 'label' is 'bad'; expected a finite number"),
        ("video_0002,0001", "../video_0002,0001", "line 4: 'video_id' is '../video_0002'; expected the name of a file"),
        ("video_0002,0001", "video_0002,..", "line 4: 'clip_id' is '..'; expected the name of a file"),
    ],
)
def test_what_is_no_table_of_labels(old: str, new: str, message: str, changed: Path) -> None:
    with pytest.raises(CorpusError, match=message):
        rewritten(changed, old, new)


def test_a_table_without_rows(changed: Path) -> None:
    table = changed / "label.csv"
    table.write_text(table.read_text(encoding="utf-8").splitlines()[0])
    with pytest.raises(CorpusError, match=r"label\.csv: has no rows; expected one for every clip"):
        read_corpus(changed)


def test_labels_and_annotations_that_are_none_are_named(changed: Path) -> None:
    change(changed / "label.csv", "-0.8", "-8")
    found = rewritten(changed, "Positive", "Pos")
    assert [line for line in found.problems if "published" not in line] == [
        "1 clips have an annotation that is none of Negative, Neutral, Positive: video_0002/0001 ('Pos')",
        "1 clips have a 'label' outside of -1 to 1: video_0001/0001",
    ]
