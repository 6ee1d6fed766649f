import shutil
from pathlib import Path

import numpy as np
import pytest
from cmu_reports import by_id, problems
from csd_files import write_csd
from hypothesis import example, given
from hypothesis import strategies as st
from miniature_mosei import LABELS, VIDEOS, write_mosei

from trimodal.corpus import read_corpus
from trimodal.errors import CorpusError

COUNTS = {"train": 2249, "valid": 300, "test": 676}
"""Videos of the lists that have labels."""
TRANSCRIPTS = Path("Raw/Transcript/Segmented/Combined")


@pytest.fixture
def mosei(tmp_path: Path) -> Path:
    return write_mosei(tmp_path / "MOSEI", "none")


def test_labels_go_with_the_sentences_of_the_same_times(tmp_path: Path) -> None:
    corpus = read_corpus(write_mosei(tmp_path))
    assert corpus.layout == "cmu-mosei" and problems(corpus) == []
    found = by_id(corpus)
    for name, (split, sentences) in VIDEOS.items():
        for one in sentences:
            segment = found.get(f"{name}_{one.number}")
            if one.label is None:
                assert segment is None
                continue
            assert segment is not None
            assert (segment.recording, segment.split, segment.text) == (name, split, one.text)
            assert segment.labels == {key: float(np.float32(x)) for key, x in zip(LABELS, one.label, strict=True)}
            assert segment.start_seconds == pytest.approx(one.start, abs=1e-6)
    assert len(found) == 7
    assert [one.media for one in corpus.recordings] == [
        tmp_path / f"Raw/Videos/Full/Combined/{one.id}.mp4" for one in corpus.recordings
    ]
    assert {one.name for one in corpus.recordings[0].features} == {"COVAREP", "FACET_4.2"}


def test_notes_and_counts(mosei: Path) -> None:
    corpus = read_corpus(mosei)
    assert "1 sentences of the transcripts have no label, and are left out" in corpus.notes
    assert "1 labelled videos are in no fold, and their utterances in no split: unsupervise" in corpus.notes
    assert f"splits are those of {mosei / 'cmu_mosei_std_folds.py'}" in corpus.notes
    assert "1 videos of the folds have no label, as released: 7l3BNtSE0xc" in corpus.notes
    assert "utterances of train: 3" in corpus.notes
    assert "videos of test: 1 found, 676 published" in corpus.problems
    assert not any("of the folds have no label" in line for line in corpus.problems)


def test_a_whole_release_has_no_problem(tmp_path: Path) -> None:
    """Two listed videos without label, labelled ones in no list, clips of sentences that nobody labelled."""
    folds = {split: [f"{split}{number}" for number in range(count)] for split, count in COUNTS.items()}
    folds["test"] += ["7l3BNtSE0xc", "dZFV0lyedX4"]
    (tmp_path / "cmu_mosei_std_folds.py").write_text(
        "".join(f"standard_{split}_fold = {ids}\n" for split, ids in folds.items())
    )
    labelled = [id for ids in folds.values() for id in ids[: None if len(ids) != 678 else -2]]
    label = (np.zeros((1, 7)), [[0.0, 1.0]])
    labels = {**dict.fromkeys(labelled, label), **{f"more{number}": label for number in range(66)}}
    write_csd(tmp_path / "CMU_MOSEI_Labels.csd", "All Labels", labels)
    clips = tmp_path / "Raw/Videos/Segmented/Combined"
    clips.mkdir(parents=True)
    (tmp_path / TRANSCRIPTS).mkdir(parents=True)
    for video in [*labels, "7l3BNtSE0xc"]:
        numbers = (0, 1) if video in ("train0", "7l3BNtSE0xc") else (0,)
        lines = "".join(f"{video}___{number}___{number}___{number + 1}___Hello\n" for number in numbers)
        (tmp_path / TRANSCRIPTS / f"{video}.txt").write_text(lines)
        for number in numbers:
            (clips / f"{video}_{number}.mp4").touch()
    corpus = read_corpus(tmp_path)
    assert corpus.problems == ()
    assert "videos of test: 676 as published" in corpus.notes
    assert "2 videos of the folds have no label, as released: 7l3BNtSE0xc, dZFV0lyedX4" in corpus.notes
    (clips / "nobody_0.mp4").touch()
    assert read_corpus(tmp_path).problems == ("1 clips in Combined are not listed: nobody_0",)


def test_without_folds_there_are_no_splits(mosei: Path) -> None:
    (mosei / "cmu_mosei_std_folds.py").unlink()
    corpus = read_corpus(mosei)
    assert {segment.split for segment in corpus.segments} == {""}
    (line,) = corpus.problems
    assert line.startswith("there is no cmu_mosei_std_folds.py, so that no utterance is in a split; copy it")


def test_folds_of_a_copy_of_the_sdk(mosei: Path) -> None:
    (mosei / "CMU_MOSEI").mkdir()
    (mosei / "cmu_mosei_std_folds.py").rename(mosei / "CMU_MOSEI/cmu_mosei_std_folds.py")
    assert by_id(read_corpus(mosei))["81406_2"].split == "train"


def test_clips(tmp_path: Path) -> None:
    corpus = read_corpus(write_mosei(tmp_path, "clips"))
    segment = by_id(corpus)["ab__C-d_e12_0"]
    assert (segment.recording, segment.start_seconds, segment.end_seconds) == ("ab__C-d_e12_0", 0.0, None)
    assert (segment.split, segment.speaker) == ("valid", "ab__C-d_e12")
    assert problems(corpus) == []


def test_sequences_alone_have_the_names_of_the_sdk(mosei: Path) -> None:
    shutil.rmtree(mosei / "Raw")
    corpus = read_corpus(mosei)
    assert set(by_id(corpus)) == {
        *("-UuX1xuaiiE[0]", "-UuX1xuaiiE[1]", "81406[0]", "ab__C-d_e12[0]"),
        *("zZtest-0001[0]", "zZtest-0001[1]", "unsupervise[0]"),
    }
    assert by_id(corpus)["zZtest-0001[1]"].start_seconds == 0.0  # the file has the last sentence first
    assert by_id(corpus)["zZtest-0001[1]"].text is None
    assert corpus.recordings[0].duration_seconds == pytest.approx(6.0)


def test_what_does_not_fit_is_one_report(mosei: Path) -> None:
    (mosei / TRANSCRIPTS / "81406.txt").write_text("81406___2___0.5___3.5___Later\n")
    (mosei / TRANSCRIPTS / "ab__C-d_e12.txt").write_text("ab__C-d_e12___0___1.0___2.0___A\n" * 2)
    (mosei / TRANSCRIPTS / "._ab__C-d_e12.txt").write_bytes(b"\0")
    entries = {
        "81406": (np.zeros((1, 7)), [[0.25, 3.5]]),
        "ab__C-d_e12": (np.ones((2, 7)), [[1.0, 2.0], [1.0, 2.001]]),
        "zZtest-0001": (np.ones((1, 7)), [[4.0, 4.0]]),
    }
    write_csd(mosei / "CMU_MOSEI_Labels.csd", "All Labels", entries)
    corpus = read_corpus(mosei)
    assert problems(corpus) == [
        "1 sentences have two lines in the transcripts, the first of which counts: ab__C-d_e12_0",
        "1 labels have no time in which they hold, and are left out: zZtest-0001[0]",
        "1 labels have no sentence in the transcripts: 81406[0]",
        "1 sentences have two labels, the first of which counts: ab__C-d_e12_0",
    ]
    assert set(by_id(corpus)) == {"81406[0]", "ab__C-d_e12_0"}


@pytest.mark.parametrize(
    "line",
    [
        "81406___2___0.5",
        "81407___2___0.25___3.5___Text",
        "81406___two___0.25___3.5___Text",
        "81406___2___nan___3.5___T",
    ],
)
def test_broken_transcripts(line: str, mosei: Path) -> None:
    (mosei / TRANSCRIPTS / "81406.txt").write_text(f"\n{line}\n")
    with pytest.raises(
        CorpusError, match=r"81406\.txt, line 2: '.*'; expected 81406___NUMBER___START___END___TEXT"
    ) as caught:
        read_corpus(mosei)
    assert "\n" not in str(caught.value)


@given(st.from_regex("[A-Za-z0-9_-]{1,11}", fullmatch=True), st.integers(0, 999), st.text())
@example("ab__C-d_e_", 0, "_____ and\u2028more\x85")
@example("a", 1, "___1___2.0___3.0___")
def test_lines_are_read_by_the_name_of_their_file(
    tmp_path_factory: pytest.TempPathFactory, video: str, number: int, text: str
) -> None:
    text = text.translate(dict.fromkeys(map(ord, "\n\r\0")))
    mosei = tmp_path_factory.mktemp("mosei")
    write_csd(mosei / "CMU_MOSEI_Labels.csd", "All Labels", {video: (np.zeros((1, 7)), [[0.5, 2.25]])})
    (mosei / TRANSCRIPTS).mkdir(parents=True)
    line = f"{video}___{number}___0.5___2.25___{text}\r\n"
    (mosei / TRANSCRIPTS / f"{video}.txt").write_bytes(line.encode())
    (segment,) = read_corpus(mosei, "cmu-mosei").segments
    assert (segment.id, segment.text) == (f"{video}_{number}", " ".join(text.split()))


def test_labels_are_needed(mosei: Path) -> None:
    (mosei / "CMU_MOSEI_Labels.csd").unlink()
    with pytest.raises(CorpusError, match=r"has no CMU_MOSEI_Labels\.csd, in which the labels and times are; get it"):
        read_corpus(mosei)


def test_labels_of_another_release(mosei: Path) -> None:
    """There were files of sentiment alone."""
    write_csd(mosei / "CMU_MOSEI_Labels.csd", "All Labels", {"81406": ([[1.0]], [[0.0, 1.0]])})
    with pytest.raises(CorpusError, match=r"'81406' has features \(1, 1\) and intervals \(1, 2\); expected \(n, 7\)"):
        read_corpus(mosei)


def test_what_is_not_mosei(tmp_path: Path) -> None:
    from trimodal.corpus.cmu_mosei import recognises

    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "nothing")
    write_csd(tmp_path / "CMU_MOSI_COVAREP.csd", "COVAREP", {"a": ([[1.0]], [[0.0, 1.0]])})
    assert not recognises(tmp_path)
