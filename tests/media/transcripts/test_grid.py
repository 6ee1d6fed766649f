from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.media import TranscriptError, Utterance, Word, read_transcript

ALIGN = "0 23750 sil\n23750 29500 bin\n29500 34000 blue\n34000 36000 sp\n36000 74500 sil\n"
BIN_BLUE = Utterance(
    text="bin blue",
    start_seconds=0.95,
    end_seconds=1.36,
    words=(
        Word(text="bin", start_seconds=0.95, end_seconds=1.18),
        Word(text="blue", start_seconds=1.18, end_seconds=1.36),
    ),
)


def read(tmp_path: Path, content: str) -> tuple[Utterance, ...]:
    path = tmp_path / "a.align"
    path.write_text(content)
    return read_transcript(path)


@pytest.mark.parametrize(
    "content",
    [
        ALIGN,
        ALIGN.replace(" ", "\t").replace("\n", "\r\n"),
        "0 0.95 sil\n0.95 1.18 bin\n1.18 1.36 blue\n",  # seconds
    ],
)
def test_a_sentence(content: str, tmp_path: Path) -> None:
    assert read(tmp_path, content) == (BIN_BLUE,)


@pytest.mark.parametrize("content", ["", "\n", "0 74500 sil\n"])
def test_nothing_said(content: str, tmp_path: Path) -> None:
    assert read(tmp_path, content) == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0 5 sil\n5 9\n", r"a\.align, line 2: has 2 fields; expected start, end and word"),
        ("0 five sil\n", "line 1: 'five' is not a finite number"),
        ("0 1e999 bin\n", "line 1: '1e999' is not a finite number"),
        ("nan 5 bin\n", "line 1: 'nan' is not a finite number"),
        ("-25000 5 bin\n", "line 1: starts at -1.0 s, before the recording"),
        ("50000 25000 bin\n", "line 1: ends at 1.0 s, before its start at 2.0 s"),
    ],
)
def test_broken_lines(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, content)


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=8, unique=True).map(sorted))
def test_times_come_back(tmp_path_factory: pytest.TempPathFactory, edges: list[int]) -> None:
    rows = [f"{start} {end} word" for start, end in pairwise(edges)]
    (utterance,) = read(tmp_path_factory.mktemp("align"), "\n".join(rows))
    assert [word.start_seconds for word in utterance.words] == [edge / 25_000 for edge in edges[:-1]]
    assert [word.end_seconds for word in utterance.words] == [edge / 25_000 for edge in edges[1:]]


@pytest.mark.parametrize("clip", ["grid-bbaf2n", "grid-swwp2s"])
def test_real_alignment(clip: str, media: Path) -> None:
    (utterance,) = read_transcript(media / f"talking/{clip}.align")
    assert utterance.text.split() == (media / f"talking/{clip}.txt").read_text().split()
    assert 0 < utterance.words[0].start_seconds < utterance.words[-1].end_seconds < 3
