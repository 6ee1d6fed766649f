from pathlib import Path

import pytest

from trimodal.media import TranscriptError, Utterance, Word, read_transcript

ROWS = [(0, 56, "<s>"), (57, 80, "EXCUSE(2)"), (81, 90, "<sil>"), (91, 91, "ME"), (92, 130, "++LAUGHTER++")]
HEADER = "   SFrm  EFrm    SegAScr Word\n"


def wdseg(rows: list[tuple[int, int, str]] = ROWS) -> str:
    lines = [f"\t{first:5d} {last:5d} {-1234:10d} {word}\n" for first, last, word in rows]
    return HEADER + "".join(lines) + " Total score:  -123456\n\n"


def read(tmp_path: Path, content: str) -> tuple[Utterance, ...]:
    path = tmp_path / "Ses01F_impro01_F000.wdseg"
    path.write_text(content)
    return read_transcript(path)


def test_a_sentence_of_iemocap(tmp_path: Path) -> None:
    """The last frame belongs to the word: 57 to 80 are the frames of 0.57 s to 0.81 s."""
    expected = Utterance(
        text="EXCUSE ME",
        start_seconds=0.57,
        end_seconds=0.92,
        words=(
            Word(text="EXCUSE", start_seconds=0.57, end_seconds=0.81),
            Word(text="ME", start_seconds=0.91, end_seconds=0.92),
        ),
        noises=(
            Word(text="<sil>", start_seconds=0.81, end_seconds=0.91),
            Word(text="++LAUGHTER++", start_seconds=0.92, end_seconds=1.31),
        ),
    )
    assert read(tmp_path, wdseg()) == (expected,)


def test_a_sentence_without_words(tmp_path: Path) -> None:
    (utterance,) = read(tmp_path, wdseg([(0, 5, "<s>"), (6, 9, "++GARBAGE++"), (10, 12, "</s>")]))
    assert utterance == Utterance(text="", noises=(Word(text="++GARBAGE++", start_seconds=0.06, end_seconds=0.1),))
    assert read(tmp_path, wdseg([(0, 5, "<s>"), (6, 12, "</s>")])) == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"F000\.wdseg: has no header 'SFrm EFrm SegAScr Word'; expected a word segmentation of Sphinx-3"),
        (wdseg().replace("SFrm", "Start"), "has no header"),
        (wdseg().replace("-1234 ME", "-1234"), "line 5: has 3 fields; expected SFrm, EFrm, SegAScr, Word"),
        (wdseg([(0, -9, "A")]), "line 2: ends at -0.08 s, before its start at 0.0 s"),
        (wdseg([(-5, 3, "A")]), "line 2: starts at -0.05 s, before the recording"),
        (HEADER + "nan 5 0 A", "line 2: 'nan' is not a finite number"),
    ],
)
def test_broken_files(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, content)
