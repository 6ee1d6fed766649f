from pathlib import Path

import pytest

from trimodal.media import TranscriptError, Utterance, read_transcript
from trimodal.media.transcripts.nist import first_alternatives

CTM = """;; made by a recogniser
talk A 0.50 0.25 HELLO 0.875

talk A 0.75 0.25 <eps>
talk A 1.00 0.5 THERE
other A 0.10 0.2 NO 0.5
talk A 9.00 0.5 BYE NA
"""
STM = """;; LABEL "M" "Male" "Male talkers"
talk 1 ann 0.50 2.25 <o,f0,male> hello there
talk 1 inter_segment_gap 2.25 3.00 <o,,unknown> ignore_time_segment_in_scoring
other 1 bob 0.00 1.00 no
talk 1 bob 3.00 4.00 i've { um / uh / @ } (as) <unk> far
talk 1 bob 4.00 5.00
"""


def read(tmp_path: Path, name: str, content: str, recording: str = "talk") -> tuple[Utterance, ...]:
    path = tmp_path / name
    path.write_text(content)
    return read_transcript(path, recording)


def test_ctm(tmp_path: Path) -> None:
    hello, bye = read(tmp_path, "all.ctm", CTM)
    assert [(w.text, w.start_seconds, w.end_seconds, w.confidence) for w in hello.words] == [
        ("HELLO", 0.5, 0.75, 0.875),
        ("THERE", 1.0, 1.5, 1.0),
    ]
    assert (hello.text, hello.start_seconds, hello.end_seconds, hello.speaker) == ("HELLO THERE", 0.5, 1.5, "")
    assert (bye.text, bye.words[0].confidence) == ("BYE", 1.0)
    assert [utterance.text for utterance in read(tmp_path, "all.ctm", CTM, "other")] == ["NO"]


def test_a_ctm_beside_its_media_needs_no_name(tmp_path: Path) -> None:
    (tmp_path / "talk.ctm").write_text(CTM)
    assert len(read_transcript(tmp_path / "talk.ctm")) == 2


def test_several_channels_are_several_speakers(tmp_path: Path) -> None:
    b, a = read(tmp_path, "a.ctm", "talk A 1.0 0.5 hi\ntalk A 1.5 0.5 you\ntalk B 0.5 2 yes\n")
    assert (b.speaker, b.text, a.speaker, a.text) == ("B", "yes", "A", "hi you")


def test_the_first_alternative_counts(tmp_path: Path) -> None:
    rows = ["* * <ALT_BEGIN>", "1 0.5 UM", "* * <ALT>", "1 0.5 UH", "* * <ALT_END>", "1.5 0.5 SO"]
    (utterance,) = read(tmp_path, "a.ctm", "\n".join(f"talk A {row}" for row in rows))
    assert utterance.text == "UM SO"


@pytest.mark.parametrize(("score", "confidence"), [("0.25", 0.25), ("-6.763", 0.0), ("2.8", 1.0), ("NA", 1.0)])
def test_confidence_lies_in_zero_to_one(score: str, confidence: float, tmp_path: Path) -> None:
    (utterance,) = read(tmp_path, "a.ctm", f"talk A 11.34 0.2 YES {score}\n")
    assert utterance.words[0].confidence == confidence


def test_stm(tmp_path: Path) -> None:
    assert read(tmp_path, "all.stm", STM) == (
        Utterance(text="hello there", start_seconds=0.5, end_seconds=2.25, speaker="ann"),
        Utterance(text="i've um as far", start_seconds=3.0, end_seconds=4.0, speaker="bob"),
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("a { b c / d } e", "a b c e"),
        ("{ @ / d } e", "e"),
        ("{ { a / b } c / { d / e } f } g", "a c g"),
        ("a / b", "a / b"),
        ("} a { b", "a b"),
        ("{ a / b", "a"),
        ("", ""),
    ],
)
def test_alternatives(written: str, words: str) -> None:
    assert first_alternatives(written.split()) == words.split()


@pytest.mark.parametrize("name", ["a.ctm", "a.stm"])
def test_a_file_without_lines_holds_no_utterance(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, "\n;; nothing\n") == ()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ctm", "talk A 1.0 0.5\n", r"a\.ctm, line 1: has 4 fields; expected recording, channel, start, duration"),
        ("a.ctm", ";; x\ntalk A one 0.5 hi\n", "line 2: 'one' is not a finite number"),
        ("a.ctm", "talk A 1e999 0.5 hi\n", "line 1: '1e999' is not a finite number"),
        ("a.ctm", "talk A 1e308 1e308 hi\n", "line 1: ends at inf s; expected a finite time"),
        ("a.ctm", "talk A -5 0.5 hi\n", "line 1: starts at -5.0 s, before the recording"),
        ("a.ctm", "talk A 1 -0.5 hi\n", "line 1: ends at 0.5 s, before its start at 1.0 s"),
        ("a.ctm", "talk A 1 0.5 hi maybe\n", "line 1: 'maybe' is not a finite number"),
        ("a.ctm", "one A 1 2 x\ntwo A 1 2 x\n", r"a\.ctm: has 'one', 'two'; expected 'talk', the name of the media"),
        ("a.stm", "talk 1 ann 0.5\n", r"a\.stm, line 1: has 4 fields; expected recording, channel, speaker, start"),
        ("a.stm", "talk 1 ann 2 1 hi\n", "line 1: ends at 1.0 s, before its start at 2.0 s"),
        ("a.stm", "other 1 ann 1 2 hi\n", "has 'other'; expected 'talk'"),
    ],
)
def test_broken_files(name: str, content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, name, content)
