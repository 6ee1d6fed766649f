import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from changed_files import change
from miniature_meld import KEPT, UTTERANCES, table_of, write_clip, write_meld

from trimodal.corpus import Corpus, CorpusError, read_corpus
from trimodal.corpus import meld as layout
from trimodal.media import probe

COUNTS = (
    "utterances of train: 4 found, 9,989 published",
    "utterances of dev: 2 found, 1,109 published",
    "utterances of test: 2 found, 2,610 published",
)


@pytest.fixture(scope="module")
def meld(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_meld(tmp_path_factory.mktemp("meld"))


@pytest.fixture
def changed(meld: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(meld / "MELD.Raw", tmp_path / "MELD.Raw"))


def problems(corpus: Corpus) -> list[str]:
    """Return the problems but for the counts, which a miniature never meets."""
    return [line for line in corpus.problems if not line.startswith("utterances of ")]


def test_utterances_with_their_labels(meld: Path) -> None:
    corpus = read_corpus(meld)
    assert corpus.layout == "meld"
    assert [one.id for one in corpus.recordings] == [one.id for one in KEPT]
    for segment, one in zip(corpus.segments, KEPT, strict=True):
        assert (segment.id, segment.recording, segment.speaker, segment.text) == (one.id, one.id, one.speaker, one.text)
        assert segment.split == {"dev": "valid"}.get(one.table, one.table)
        assert segment.labels == {
            "emotion": one.emotion,
            "sentiment": one.sentiment,
            "dialogue": f"{one.table}/dia{one.dialogue}",
            "season": "8",
            "episode": "8x21",
            "utterance": float(one.number),
        }
    assert read_corpus(meld / "MELD.Raw").segments == corpus.segments


def test_times_in_the_episode_are_no_times_of_the_clip(meld: Path) -> None:
    corpus = read_corpus(meld)
    assert {(one.start_seconds, one.end_seconds) for one in corpus.segments} == {(0.0, None)}
    media = corpus.recordings[0].media
    assert media is not None and probe(media).duration_seconds == pytest.approx(KEPT[0].seconds, abs=0.05)


def test_what_is_wrong_with_it_as_it_was_published(meld: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = read_corpus(meld)
    assert corpus.problems == COUNTS
    assert corpus.notes == (
        "train_sent_emo.csv: control characters of 1 rows are read as the quotes and dashes they were",
        "train/dia125_utt3 cannot be decoded as published, and is left out",
        "1 clips are far longer than their utterances, and stay: train/dia309_utt0",
        "dev_sent_emo.csv: control characters of 1 rows are read as the quotes and dashes they were",
        "dev/dia110_utt7 is listed and was not published",
        "1 clips are far longer than their utterances, and stay: test/dia38_utt4",
        "2 clips of test are second cuts, and are not used: final_videos_testdia0_utt0, final_videos_testdia93_utt5",
        "StartTime and EndTime are times in the episode and not used: an utterance is its clip",
    )
    counts = {"train": 4, "dev": 2, "test": 2}
    splits = tuple(replace(split, published=counts[split.name]) for split in layout._SPLITS)
    monkeypatch.setattr(layout, "_SPLITS", splits)
    assert read_corpus(meld).problems == ()


def test_a_second_cut_counts_where_it_is_the_only_one(changed: Path) -> None:
    test = changed / "test/output_repeated_splits_test"
    (test / "dia0_utt0.mp4").unlink()
    corpus = read_corpus(changed)
    assert corpus.recordings[-2].media == test / "final_videos_testdia0_utt0.mp4"
    assert corpus.recordings[-2].id == "test/dia0_utt0" and problems(corpus) == []


def test_archives_unpacked_into_one_folder(changed: Path) -> None:
    for split in ("train", "dev", "test"):
        for folder in (changed / split).iterdir():
            folder.rename(changed / folder.name)
        (changed / split).rmdir()
    corpus = read_corpus(changed)
    assert len(corpus.segments) == len(KEPT) and problems(corpus) == []


def test_what_is_missing_extra_or_listed_twice_is_in_one_report(changed: Path) -> None:
    train = changed / "train/train_splits"
    (train / "dia0_utt1.mp4").rename(train / "dia0_utt2.mp4")
    write_clip(train / "dia0_utt0.mkv", KEPT[1])
    (changed / "dev_sent_emo.csv").unlink()
    shutil.rmtree(changed / "test")
    rows = [one for one in UTTERANCES if one.table == "train"]
    (changed / "train/train_sent_emo.csv").write_text(table_of([*rows, rows[0]]), encoding="utf-8")
    corpus = read_corpus(changed)
    assert [one.id for one in corpus.segments] == ["train/dia0_utt0", "train/dia309_utt0"]
    assert corpus.problems == (
        "utterances of train: 5 found, 9,989 published",
        "1 clips of train are listed more than once: dia0_utt0",
        "1 clips of train are listed and not in train_splits: dia0_utt1",
        "1 clips of train in train_splits are not listed: dia0_utt2",
        "1 clips of train have several files, the first of which counts: dia0_utt0.mkv",
        "there is no dev_sent_emo.csv, and so nothing of dev is read",
        "utterances of test: 2 found, 2,610 published",
        "there is no folder test/output_repeated_splits_test, and so nothing of test is read",
    )


def test_another_encoding_and_more_columns(changed: Path) -> None:
    table = changed / "dev_sent_emo.csv"
    text = table.read_text(encoding="utf-8").replace("\x92", "’").replace("\x96", "–").replace("\x85", "…")  # noqa: RUF001
    text = text.replace("EndTime", "EndTime,Rater", 1).replace('731"', '731",A')
    table.write_bytes(text.encode("cp1252"))
    corpus = read_corpus(changed)
    assert corpus.segments[3].text == KEPT[3].text
    encoding, columns = problems(corpus)
    assert "dev_sent_emo.csv, line 2: byte" in encoding and "read as Windows-1252" in encoding
    assert columns.endswith("dev_sent_emo.csv: 1 columns are not used: Rater")
    table.write_text(text, encoding="utf-16")
    assert read_corpus(changed).segments[3].text == KEPT[3].text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Utterance_ID", "Utterance", "has more than one column 'Utterance'"),
        ("Dialogue_ID", "Dialog", "has no column 'Dialogue_ID'; did you mean 'Dialog'"),
        ("neutral,125", "neutral,../125", "line 4: 'Dialogue_ID' is '../125'; expected a whole number"),
        (",3,8,21", ",,8,21", "line 4: 'Utterance_ID' is ''; expected a whole number"),
    ],
)
def test_errors_name_file_and_line(changed: Path, old: str, new: str, message: str) -> None:
    change(changed / "train/train_sent_emo.csv", old, new)
    with pytest.raises(CorpusError, match=message):
        read_corpus(changed)


def test_tables_without_any_clip(changed: Path) -> None:
    for file in changed.rglob("*.mp4"):
        file.unlink()
    with pytest.raises(
        CorpusError, match=r"none of 8 utterances of \*_sent_emo.csv has a clip; expected clips in train/"
    ):
        read_corpus(changed)


def test_emotions_and_sentiments_that_are_none_are_named(changed: Path) -> None:
    table = changed / "test_sent_emo.csv"
    change(table, ",surprise,", ",suprise,")
    change(table, ",positive,", ",,")
    assert problems(read_corpus(changed)) == [
        "1 utterances of test have none of the published values of Emotion: dia0_utt0 ('suprise')",
        "1 utterances of test have none of the published values of Sentiment: dia0_utt0 ('')",
    ]
