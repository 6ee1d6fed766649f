import re
from pathlib import Path

import pytest

from trimodal.media import TranscriptError, Utterance, read_transcript

WORDS = "0 5000000 sil -300.5\n5000000 8000000 ice -120.25\n8000000 12500000 cream\n12500000 20000000 sil\n"
PHONES = """0 5000000 sil -300.5 <s>
5000000 6000000 ay -100.0 ice -220.5
6000000 8000000 s -120.5
8000000 8500000 sp -2.5
8500000 10000000 k -90.0 cream -310.0
10000000 12500000 m -220.0
12500000 20000000 sil -300.0 </s>
"""
ICE_CREAM = [("ice", 0.5, 0.8), ("cream", 0.8, 1.25)]


def read(tmp_path: Path, name: str, content: str, recording: str = "talk") -> tuple[Utterance, ...]:
    path = tmp_path / name
    path.write_text(content)
    return read_transcript(path, recording)


def words_of(utterances: tuple[Utterance, ...]) -> list[tuple[str, float | None, float | None]]:
    return [(w.text, w.start_seconds, w.end_seconds) for utterance in utterances for w in utterance.words]


@pytest.mark.parametrize(
    "content",
    [
        WORDS,
        WORDS.replace("ice", '"ice"').replace("cream", "'cream'"),
        WORDS + "///\n0 20000000 scream\n",  # another alternative
        "0.0 0.5 sil\n0.5 0.8 ice\n0.8 1.25 cream\n",  # seconds
    ],
)
def test_labels(content: str, tmp_path: Path) -> None:
    assert words_of(read(tmp_path, "a.lab", content)) == ICE_CREAM


def test_words_above_phones(tmp_path: Path) -> None:
    assert words_of(read(tmp_path, "a.lab", PHONES)) == [("ice", 0.5, 0.8), ("cream", 0.85, 1.25)]


def test_phones_before_the_first_word_are_left_out(tmp_path: Path) -> None:
    content = "0 10000000 ay\n" + PHONES.split("\n", 1)[1]
    assert [text for text, *_ in words_of(read(tmp_path, "a.lab", content))] == ["ice", "cream"]


def test_words_above_phones_above_states(tmp_path: Path) -> None:
    rows = ["0 2 h_s2 -1.5 hh -9.5 hi", "2 4 h_s3 -1.5", "4 5 ay_s2 -2.5 ay -2.5", "5 9 y_s2 -1 y -1 you"]
    content = "\n".join(re.sub(r"^(\d) (\d)", r"\g<1>0000000 \g<2>0000000", row) for row in rows)
    assert words_of(read(tmp_path, "a.lab", content)) == [("hi", 0.0, 5.0), ("you", 5.0, 9.0)]


@pytest.mark.parametrize("content", ["this is the\nacoustic corpus\n", "1984 was a year", "  this is  the "])
def test_a_file_without_times_is_plain_text(content: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.lab", content) == (Utterance(text=" ".join(content.split())),)


@pytest.mark.parametrize("content", ["", "0 100 sil\n0 200 <s>\n"])
def test_nothing_said(content: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.lab", content) == ()


@pytest.mark.parametrize(
    ("label", "text"), [(r"gr\303\274n", "grün"), (r"\"hi\"", '"hi"'), (r"o\'clock", "o'clock"), (r"a\\b", "a\\b")]
)
def test_escapes(label: str, text: str, tmp_path: Path) -> None:
    assert words_of(read(tmp_path, "a.lab", f"0 10000000 {label}\n")) == [(text, 0.0, 1.0)]


MASTER = f'#!MLF!#\n"*/other.lab"\n0 10000000 no\n.\n"*/talk.lab"\n{WORDS}.\n"*/plain.lab"\nso\nit\ngoes\n.\n'


@pytest.mark.parametrize("name", ["all.mlf", "all.lab"])
def test_a_master_label_file(name: str, tmp_path: Path) -> None:
    assert words_of(read(tmp_path, name, MASTER)) == ICE_CREAM
    assert words_of(read(tmp_path, name, MASTER, "other")) == [("no", 0.0, 1.0)]
    assert read(tmp_path, name, MASTER, "plain") == (Utterance(text="so it goes"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (WORDS + "cream\n", r"a\.lab, line 5: 'cream' has no times; expected start, end and label"),
        ("20000000 30000000 a\n10000000 30000000 b\n", "line 2: starts at 1.0 s, before the label above; expected the"),
        ("-20000000 100 hi\n", "line 1: starts at -2.0 s, before the recording"),
        ("20000000 10000000 hi\n", "line 1: ends at 1.0 s, before its start at 2.0 s"),
        (f"0 {'9' * 400} hi\n", "line 1: '999.*' is not a finite number"),
        (r"0 100 gr\374n" + "\n", r"line 1: 'gr\\374n' is not UTF-8 behind its escapes"),
        (MASTER, "has .*other.*; expected 'a', the name of the media file"),
        (MASTER[:-2], r"a\.lab: ends in the middle; expected a full stop behind the labels"),
        ('#!MLF!#\n"*" -> "/etc"\n', r"line 2: .* is no name in double quotes; expected one before its labels"),
        ("#!MLF!#\n", "has no entries"),
    ],
)
def test_broken_files(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, "a.lab", content, "a")


def test_real_plain_labels(media: Path) -> None:
    (utterance,) = read_transcript(media / "speech/acoustic_corpus.lab")
    assert utterance.text.startswith("this is the acoustic corpus") and utterance.start_seconds is None
