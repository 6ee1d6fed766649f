import shutil
from pathlib import Path

import numpy as np
import pytest
from csd_files import write_csd
from miniature_mosi import VIDEOS, write_mosi

from trimodal.corpus import Corpus, Recording, Segment, read_corpus
from trimodal.errors import CorpusError

LABELS = "CMU_MOSI_Opinion_Labels.csd"
TRANSCRIPTS = "Raw/Transcript/Segmented"


@pytest.fixture
def mosi(tmp_path: Path) -> Path:
    return write_mosi(tmp_path / "MOSI")


def by_id(corpus: Corpus) -> dict[str, Segment]:
    return {segment.id: segment for segment in corpus.segments}


def problems(corpus: Corpus) -> list[str]:
    """Return the problems but for those that a miniature always has."""
    return [line for line in corpus.problems if " of the folds " not in line and "published" not in line]


def test_whole_videos(mosi: Path) -> None:
    corpus = read_corpus(mosi)
    assert corpus.layout == "cmu-mosi" and problems(corpus) == []
    assert [recording.id for recording in corpus.recordings] == list(VIDEOS)
    first = corpus.recordings[0]
    assert first.media == mosi / "Raw/Video/Full/03bSnISJMiM.mp4" and first.duration_seconds is None
    assert first.transcript == mosi / "CMU_MOSI_TimestampedWords.csd"
    assert {(one.name, one.path.name, one.entry) for one in first.features} == {
        ("COVAREP", "CMU_MOSI_COVAREP.csd", "03bSnISJMiM"),
        ("FACET_4.2", "CMU_MOSI_Visual_Facet_42.csd", "03bSnISJMiM"),
    }
    assert len(corpus.segments) == 6
    assert by_id(corpus)["03bSnISJMiM_2"] == Segment(
        id="03bSnISJMiM_2",
        recording="03bSnISJMiM",
        start_seconds=3.0,
        end_seconds=5.0,
        split="train",
        speaker="03bSnISJMiM",
        text="UMM REALLY GOOD",
        labels={"sentiment": float(np.float32(-0.8))},
    )
    assert {segment.id: segment.split for segment in corpus.segments} == {
        f"{name}_{number}": video.split
        for name, video in VIDEOS.items()
        for number in range(1, len(video.utterances) + 1)
    }


def test_counts_against_the_published_ones(mosi: Path) -> None:
    counts = [line for line in read_corpus(mosi).problems if "published" in line]
    assert counts == [
        "videos of train: 2 found, 52 published",
        "utterances of train: 3 found, 1,284 published",
        "videos of valid: 1 found, 10 published",
        "utterances of valid: 1 found, 229 published",
        "videos of test: 1 found, 31 published",
        "utterances of test: 2 found, 686 published",
    ]
    assert any(
        line.startswith("89 videos of the folds have no label: 0h-zjBukYpk") for line in read_corpus(mosi).problems
    )


def test_the_folder_raw_alone_has_no_labels(mosi: Path) -> None:
    with pytest.raises(CorpusError, match=r"Raw: has no CMU_MOSI_Opinion_Labels\.csd, in which the labels and times"):
        read_corpus(mosi / "Raw")


def test_sequences_in_folders_as_on_the_server(mosi: Path) -> None:
    for folder, names in {"labels": [LABELS], "visual": ["CMU_MOSI_Visual_Facet_42.csd"]}.items():
        (mosi / folder).mkdir()
        for name in names:
            (mosi / name).rename(mosi / folder / name)
    moved = read_corpus(mosi)
    assert [one.name for one in moved.recordings[0].features] == ["COVAREP", "FACET_4.2"]
    assert len(moved.segments) == 6


def test_sound_alone(mosi: Path) -> None:
    folder = mosi / "Raw/Audio/WAV_16000/Full"
    folder.mkdir(parents=True)
    for name in VIDEOS:
        (folder / f"{name}.wav").touch()
    shutil.rmtree(mosi / "Raw/Video")
    assert {one.media for one in read_corpus(mosi).recordings} == {folder / f"{name}.wav" for name in VIDEOS}


def test_clips(tmp_path: Path) -> None:
    corpus = read_corpus(write_mosi(tmp_path, "clips"))
    assert len(corpus.recordings) == len(corpus.segments) == 6
    assert corpus.recordings[1] == Recording(
        id="03bSnISJMiM_2", media=tmp_path / "Raw/Video/Segmented/03bSnISJMiM_2.mp4"
    )
    segment = by_id(corpus)["f_pcplsH_V0_2"]
    assert (segment.recording, segment.start_seconds, segment.end_seconds) == ("f_pcplsH_V0_2", 0.0, None)
    assert (segment.split, segment.speaker, segment.text) == ("test", "f_pcplsH_V0", "XYZZY")
    assert "there are no whole videos: each clip in Segmented is a recording of its own" in corpus.notes
    assert any(line.startswith("3 sequences are on the clock of whole videos, and not used") for line in corpus.notes)


def test_sequences_alone(tmp_path: Path) -> None:
    corpus = read_corpus(write_mosi(tmp_path, "none"))
    assert "there are neither videos nor clips: features, words and labels alone" in corpus.notes
    assert {one.id: one.duration_seconds for one in corpus.recordings} == {
        name: pytest.approx(video.seconds) for name, video in VIDEOS.items()
    }
    assert all(one.media is None and one.transcript is not None for one in corpus.recordings)
    assert all(segment.text is None for segment in corpus.segments)


def test_labels_alone(tmp_path: Path) -> None:
    write_mosi(tmp_path / "all", "none")
    (tmp_path / "few").mkdir()
    shutil.copyfile(tmp_path / "all" / LABELS, tmp_path / "few" / LABELS)
    corpus = read_corpus(tmp_path / "few")
    assert (corpus.layout, corpus.recordings[0].transcript, corpus.recordings[0].features) == ("cmu-mosi", None, ())
    assert corpus.recordings[0].duration_seconds == 5.0


def test_what_is_missing_is_one_report(mosi: Path) -> None:
    (mosi / "Raw/Video/Full/c5xsKMxpXnc.mp4").unlink()
    shutil.copyfile(mosi / "Raw/Video/Full/f_pcplsH_V0.mp4", mosi / "Raw/Video/Full/extra.mp4")
    (mosi / "Raw/Video/Full/._03bSnISJMiM.mp4").touch()
    folder = mosi / TRANSCRIPTS
    (folder / "._03bSnISJMiM.annotprocessed").write_bytes(b"\0\1")
    (folder / "03bSnISJMiM.annotprocessed").write_bytes(b"1_DELIM_CAF\xc9 \n1_DELIM_AGAIN\r\n\n7_DELIM_WHO\n")
    write_csd(mosi / "CMU_MOSI_COVAREP.csd", "COVAREP", {"03bSnISJMiM": (np.ones((2, 74)), [[0, 1], [1, 2]])})
    corpus = read_corpus(mosi)
    found = "\n".join(problems(corpus))
    assert "1 videos are listed and not in Full: c5xsKMxpXnc" in found
    assert "1 videos in Full are not listed: extra" in found
    assert "1 utterances have two lines in the transcripts, the first of which counts: 03bSnISJMiM_1" in found
    assert "1 utterances have no line in the transcripts: 03bSnISJMiM_2" in found
    assert "1 lines of the transcripts have no label: 03bSnISJMiM_7" in found
    assert "3 videos are not in CMU_MOSI_COVAREP.csd: 2iD-tVS8NPw, c5xsKMxpXnc, f_pcplsH_V0" in found
    assert "03bSnISJMiM.annotprocessed, line 1: byte 11 is not UTF-8; the file is read as Windows-1252" in found
    assert len(problems(corpus)) == 7
    assert by_id(corpus)["03bSnISJMiM_1"].text == "CAFÉ"
    absent = next(one for one in corpus.recordings if one.id == "c5xsKMxpXnc")
    assert absent.media is None and absent.duration_seconds == pytest.approx(3.0)
    assert [one.name for one in absent.features] == ["FACET_4.2"]


def test_a_missing_clip_costs_its_utterance(tmp_path: Path) -> None:
    write_mosi(tmp_path, "clips")
    (tmp_path / "Raw/Video/Segmented/03bSnISJMiM_1.mp4").unlink()
    corpus = read_corpus(tmp_path)
    assert "1 clips are listed and not in Segmented: 03bSnISJMiM_1" in corpus.problems
    assert "03bSnISJMiM_1" not in by_id(corpus) and len(corpus.segments) == 5
    for clip in (tmp_path / "Raw/Video/Segmented").iterdir():
        clip.unlink()
    with pytest.raises(CorpusError, match=r"none of 6 labelled utterances has a clip in .*Segmented"):
        read_corpus(tmp_path)


def test_labels_without_time_or_value(mosi: Path) -> None:
    entry = ([[1.0], [np.nan], [2.0]], [[0.0, 1.0], [1.0, 2.0], [2.0, 2.0]])
    write_csd(mosi / LABELS, "Opinion Segment Labels", {"f_pcplsH_V0": entry})
    corpus = read_corpus(mosi)
    assert "1 labels have no time in which they hold, and are left out: f_pcplsH_V0[2]" in corpus.problems
    assert {id: segment.labels for id, segment in by_id(corpus).items()} == {
        "f_pcplsH_V0_1": {"sentiment": 1.0},
        "f_pcplsH_V0_2": {},
    }


@pytest.mark.parametrize("line", ["2 REALLY", "x_DELIM_REALLY", "_DELIM_REALLY"])
def test_broken_transcripts(line: str, mosi: Path) -> None:
    (mosi / TRANSCRIPTS / "c5xsKMxpXnc.annotprocessed").write_text(f"1_DELIM_BAD\n{line}\n")
    with pytest.raises(
        CorpusError, match=r"c5xsKMxpXnc\.annotprocessed, line 2: '.*'; expected the number of an utt"
    ) as caught:
        read_corpus(mosi)
    assert "\n" not in str(caught.value)


def test_text_may_hold_the_delimiter(mosi: Path) -> None:
    (mosi / TRANSCRIPTS / "c5xsKMxpXnc.annotprocessed").write_text("1_DELIM_BAD  _DELIM_ FILM \n")
    assert by_id(read_corpus(mosi))["c5xsKMxpXnc_1"].text == "BAD _DELIM_ FILM"


def test_sequences_of_others(mosi: Path) -> None:
    """Features of users keep the names of their files; those of CMU-MOSEI are another corpus's."""
    entry = {"03bSnISJMiM": ([[1.0]], [[0.0, 1.0]])}
    write_csd(mosi / "my_pose.csd", "my_pose", entry)
    write_csd(mosi / "CMU_MOSEI_COVAREP.csd", "COVAREP", entry)
    write_csd(mosi / "CMU_MOSI_TimestampedWordVectors.csd", "glove_vectors", entry)
    write_csd(mosi / "CMU_MOSI_TimestampedWordVectors_1.1.csd", "glove_vectors", entry)
    shutil.copyfile(mosi / LABELS, mosi / "labels.csd")
    corpus = read_corpus(mosi)
    names = {one.name for one in corpus.recordings[0].features}
    assert names == {"COVAREP", "FACET_4.2", "glove", "CMU_MOSI_TimestampedWordVectors_1.1", "my_pose"}
    assert any("labels.csd: there is also" in line for line in corpus.problems)


def test_what_is_not_mosi(tmp_path: Path) -> None:
    from trimodal.corpus.cmu_mosi import recognises

    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "nothing")
    (tmp_path / "a.txt").touch()
    assert not recognises(tmp_path / "a.txt")
    write_csd(tmp_path / "CMU_MOSEI_COVAREP.csd", "COVAREP", {"a": ([[1.0]], [[0.0, 1.0]])})
    assert not recognises(tmp_path)
