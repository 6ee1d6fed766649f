from pathlib import Path

import pytest

from trimodal.media import TRANSCRIPT_SUFFIXES, TranscriptError, read_transcript


def test_the_format_with_the_most_precise_times_comes_first() -> None:
    assert TRANSCRIPT_SUFFIXES == (".json", ".textgrid", ".vtt", ".srt", ".txt")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.eaf", r"no reader for '\.eaf'; known: \.json, \.srt, \.textgrid, \.txt, \.vtt"),
        ("a.jsn", r"no reader for '\.jsn'; did you mean '\.json'\?"),
        ("a", "no reader for ''"),
        ("a.txt", r"a\.txt: no such file or directory; expected a transcript"),
    ],
)
def test_what_cannot_be_read(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read_transcript(tmp_path / name)


@pytest.mark.parametrize("suffix", TRANSCRIPT_SUFFIXES)
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
