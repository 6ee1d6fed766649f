from pathlib import Path

import pytest

from trimodal.media import TRANSCRIPT_SUFFIXES, TranscriptError, Utterance, read_transcript
from trimodal.media.transcripts import read

SONNET = ("sonnet001.srt", "sonnet001.vtt", "sonnet001.textgrid", "sonnet001.eaf")


def test_the_format_with_the_most_precise_times_comes_first() -> None:
    before = [".json", ".textgrid", ".ctm", ".eaf", ".vtt", ".srt", ".lab", ".txt"]
    assert [suffix for suffix in TRANSCRIPT_SUFFIXES if suffix in before] == before


def test_every_reader_has_its_place() -> None:
    assert sorted(TRANSCRIPT_SUFFIXES) == sorted([*read._READERS, *read._READERS_OF_MANY])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.xyz", r"no reader for '\.xyz'; known: \.align, \.csd, \.ctm, \.eaf, \.json"),
        ("a.jsn", r"no reader for '\.jsn'; did you mean '\.json'\?"),
        ("a.rttm", r"no reader for '\.rttm'"),
        ("a", "no reader for ''"),
        ("a.txt", r"a\.txt: no such file or directory; expected a transcript"),
        (".", "no reader for ''"),
    ],
)
def test_what_cannot_be_read(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read_transcript(tmp_path / name)


def test_a_folder_is_no_transcript(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(TranscriptError, match=r"a\.txt: is a directory; expected a transcript"):
        read_transcript(tmp_path / "a.txt")


@pytest.mark.parametrize("suffix", [suffix for suffix in TRANSCRIPT_SUFFIXES if suffix != ".csd"])
def test_a_file_that_is_too_large_is_not_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    with path.open("wb") as file:
        file.truncate(65 * 2**20)  # sparse: takes no room
    with pytest.raises(TranscriptError, match="65 MiB; expected a transcript of at most 64 MiB"):
        read_transcript(path)


def test_the_case_of_the_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.TXT"
    path.write_text("Hello")
    assert read_transcript(path)[0].text == "Hello"


def test_the_recording_is_called_like_the_file_where_nothing_else_is_said(tmp_path: Path) -> None:
    for name in ("talk.ctm", "talk.words.ctm"):
        (tmp_path / name).write_text("talk A 0 1 hi\nother A 0 1 no\n")
        assert [utterance.text for utterance in read_transcript(tmp_path / name)] == ["hi"]
    assert [utterance.text for utterance in read_transcript(tmp_path / "talk.ctm", "other")] == ["no"]


def test_utterances_without_times_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"segments": [{"text": "b", "start": 5}, {"text": "c"}, {"text": "a", "start": 1}, {"text": "then"}]}'
    )
    assert [utterance.text for utterance in read_transcript(path)] == ["a", "then", "b", "c"]


WORDS_OUT_OF_ORDER = {
    "a.json": '{"words": [{"word": "hi", "start": 5, "end": 6}, {"word": "you", "start": 1, "end": 2}]}',
    "b.json": '{"segments": [{"words": [{"word": "hi", "start": 5, "end": 6}, {"word": "er"}, '
    '{"word": "you", "start": 1, "end": 2}]}]}',
    "a.ctm": "a A 0 1 so\na A 5 1 hi\na A 1 1 you\n",
    "a.wdseg": "SFrm EFrm SegAScr Word\n500 599 0 hi\n100 199 0 you\n",
    "a.align": "125000 150000 hi\n25000 50000 you\n",
    "a.textgrid": 'File type = "ooTextFile"\n"TextGrid"\n0 9 <exists> 1 "IntervalTier" "words" 0 9 2 '
    '5 6 "hi" 1 2 "you"\n',
}


@pytest.mark.parametrize("name", WORDS_OUT_OF_ORDER)
def test_words_of_one_speaker_must_be_in_the_order_of_time(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(WORDS_OUT_OF_ORDER[name])
    with pytest.raises(TranscriptError, match=rf"{name}: 'you' at 1 s follows 'hi' at 5 s; expected the words of an"):
        read_transcript(tmp_path / name)


def test_words_of_several_speakers_may_interleave(tmp_path: Path) -> None:
    (tmp_path / "a.ctm").write_text("a A 5 1 hi\na B 1 1 you\na A 6 1 so\na B 2 1 there\n")
    assert [utterance.text for utterance in read_transcript(tmp_path / "a.ctm")] == ["you there", "hi so"]


@pytest.mark.parametrize("suffix", TRANSCRIPT_SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe\x00\xd8", b"\x00\x01\x02\xff", b"1e999 nan -5\n"])
def test_no_content_breaks_out(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    try:
        utterances = read_transcript(path)
    except TranscriptError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert all(utterance.text for utterance in utterances)


def test_the_same_sonnet_from_every_format(media: Path) -> None:
    texts = [" ".join(u.text for u in read_transcript(media / "speech/sonnet" / name)) for name in SONNET]
    (plain,) = read_transcript(media / "speech/sonnet/plain.txt")
    aligned_anew = read_transcript(media / "speech/sonnet/sonnet.json")  # with times of its own
    assert {*texts, " ".join(u.text for u in aligned_anew)} == {plain.text}


@pytest.mark.parametrize("name", SONNET)
def test_the_same_times_from_every_format(name: str, media: Path) -> None:
    lines = read_transcript(media / "speech/sonnet" / name)
    assert lines == read_transcript(media / "speech/sonnet/sonnet001.srt")
    assert len(lines) == 15
    assert lines[2] == Utterance(
        text="That thereby beauty's rose might never die,", start_seconds=5.88, end_seconds=9.24
    )


def test_ten_megabytes_are_read_in_one_pass(tmp_path: Path) -> None:
    """Were anything quadratic in the size, this would take hours; brackets that never close are the worst of it."""
    cue = "00:00:01,000 --> 00:00:02,000\nsome words and <i an open tag {\\an <v \n\n"
    (tmp_path / "a.srt").write_text(cue * (10**7 // len(cue)))
    assert len(read_transcript(tmp_path / "a.srt")) == 10**7 // len(cue)
    (tmp_path / "b.srt").write_text("00:00:01,000 --> 00:00:02,000\n" + "<i {\\ <v " * 300_000)
    assert len(read_transcript(tmp_path / "b.srt")[0].text) > 2 * 10**6
