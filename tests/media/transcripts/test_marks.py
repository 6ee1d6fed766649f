from pathlib import Path

import pytest

from trimodal.media import read_transcript
from trimodal.media.transcripts.marks import CTM, GRID, HTK, SDK, SPHINX, STM, TIERS, Marks, is_word

TIER_MARKS = (
    "",
    " ",
    "sp",
    "SIL",
    " sil\n",
    "<sil>",
    "#",
    "spn",
    "<eps>",
    "<unk>",
    "<s>",
    "</s>",
    "<p:>",
    "{NS}",
    "{lg}",
)


@pytest.mark.parametrize(
    ("marks", "labels"),
    [
        (TIERS, TIER_MARKS),
        (CTM, ("<eps>", "<UNK>", "<sil>")),
        (STM, ("@", "<unk>", "<sil>", "{NOISE}")),
        (SPHINX, ("<s>", "</s>", "<sil>", "++LAUGHTER++", "++GARBAGE++")),
        (HTK, ("sil", "sp", "<s>", "!ENTER", "SENT-END")),
        (GRID, ("sil", "SP")),
        (SDK, ("sp", "{LG}")),
    ],
)
def test_what_is_no_word_in_a_format(marks: Marks, labels: tuple[str, ...]) -> None:
    assert [label for label in labels if is_word(label, marks)] == []


@pytest.mark.parametrize(
    "label", ["silly", "s", "<laughs>", "{", "sp.", "c++", "++", "spoon", "{a b}", "don't", "silence"]
)
@pytest.mark.parametrize("marks", [TIERS, CTM, STM, SPHINX, HTK, GRID, SDK])
def test_what_is_a_word_everywhere(marks: Marks, label: str) -> None:
    assert is_word(label, marks)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.stm", "a 1 ann 0 1 <o> the silence of the lambs sp # sil\n", "the silence of the lambs sp # sil"),
        ("a.ctm", "a 1 0 .5 the .9\na 1 .5 .5 silence .9\na 1 1 .5 SP\na 1 1.5 .5 sil\n", "the silence SP sil"),
        ("a.wdseg", "SFrm EFrm SegAScr Word\n0 9 -1 SILENCE\n10 19 -1 SIL\n20 29 -1 <sil>\n", "SILENCE SIL"),
        ("a.lab", "0 10000000 silence\n10000000 20000000 sil\n20000000 30000000 spn\n", "silence spn"),
        ("a.align", "0 1000 silence\n1000 2000 sil\n2000 3000 #\n", "silence #"),
    ],
)
def test_spoken_words_that_other_formats_write_for_silence(name: str, content: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    assert " ".join(utterance.text for utterance in read_transcript(tmp_path / name)) == text
