from pathlib import Path

import pytest

from trimodal.media import TranscriptError, Utterance, read_transcript

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello\nthere\n\n2\n00:00:03,000 --> 01:00:04,000\nSo it goes\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\nHello\nthere\n\n00:00:03.000 --> 01:00:04.000\nSo it goes\n"
BOTH = (
    Utterance(text="Hello there", start_seconds=1.0, end_seconds=2.5),
    Utterance(text="So it goes", start_seconds=3.0, end_seconds=3604.0),
)


def read(tmp_path: Path, name: str, content: str | bytes) -> tuple[Utterance, ...]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_transcript(path)


@pytest.mark.parametrize(("name", "text"), [("a.srt", SRT), ("a.vtt", VTT), ("a.SRT", SRT)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end(name: str, text: str, encoding: str, newline: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, text.replace("\n", newline).encode(encoding)) == BOTH


@pytest.mark.parametrize(
    "text",
    [
        SRT.replace("1\n00", "00").replace("2\n00", "00"),  # no numbers
        SRT.replace(",", "."),
        SRT.replace("2,500", "2,5"),
        SRT.replace("\n\n2\n", "\n\n\n \n2\n"),
        SRT.replace("\n\n2\n", "\n2\n"),  # no blank line between the cues
        SRT.replace("there", "\nthere"),  # a blank line inside a cue
        SRT.replace("2,500", "2,500  X1:10 X2:20 Y1:30 Y2:40"),
        SRT.replace("Hello", '<i>Hel</i>lo<font color="#fff"></font>'),
        SRT.replace("Hello", r"{\an8}Hello"),
        SRT.replace("1\n00", "0\n00:00:00,000 --> 00:00:01,000\n\n1\n00"),  # a cue without text
    ],
)
def test_subrip_oddities(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.srt", text) == BOTH


@pytest.mark.parametrize(
    "text",
    [
        VTT.replace("WEBVTT", "WEBVTT - a title\nKind: captions\nLanguage: en"),
        VTT.replace("WEBVTT\n\n", "WEBVTT\n\nintro\n").replace("\n\n00:00:03", "\n\nsecond cue\n00:00:03"),
        VTT.replace("02.500", "02.500 align:start position:0% line:80%"),
        VTT.replace("WEBVTT", "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a"),
        VTT.replace("\n\n00:00:03", "\n\nNOTE a comment\nof two lines\n\n00:00:03") + "\nNOTE\n\nNOTE more\n",
        VTT.replace("Hello", "<c.yellow.bg_blue>Hello</c>").replace("there", "<b><lang en>there</lang></b>"),
        VTT.replace("Hello\nthere", "Hello<00:00:01.500><c> there</c>"),
        VTT.replace("Hello\nthere", "Hello&nbsp;there"),
        VTT.replace("\n\n00:00:03", "\n00:00:03"),
    ],
)
def test_webvtt_oddities(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.vtt", text) == BOTH


@pytest.mark.parametrize(
    ("cue", "text", "speaker"),
    [
        ("<v Ann>Hello", "Hello", "Ann"),
        ("<v.loud.first Ann  Lee>Hello</v> there", "Hello there", "Ann Lee"),
        ("<v Tom &amp; Ann>R&amp;D &lt;here&gt;", "R&D <here>", "Tom & Ann"),
        ("<v Ann>Hi</v> <v Ben>Hello</v>", "Hi Hello", ""),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4", ""),
        ("It was\n1984", "It was 1984", ""),
        ("1984", "1984", ""),
        ("a --> b", "a --> b", ""),
    ],
)
def test_webvtt_text_and_speaker(cue: str, text: str, speaker: str, tmp_path: Path) -> None:
    if cue == "a --> b":
        cue = "one\n" + cue
        text = "one " + text
    expected = Utterance(text=text, start_seconds=1.0, end_seconds=2.0, speaker=speaker)
    assert read(tmp_path, "a.vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n{cue}\n") == (expected,)


@pytest.mark.parametrize("last", ["1984", "In\n1984", "Hello\n\n1984"])
def test_numbers_that_were_said_stay(last: str, tmp_path: Path) -> None:
    utterances = read(tmp_path, "a.srt", f"1\n00:00:00,000 --> 00:00:00,500\n{last}\n\n{SRT}")
    assert utterances[0].text == " ".join(last.split())
    assert utterances[1:] == BOTH
    assert read(tmp_path, "b.srt", f"1\n00:00:00,000 --> 00:00:00,500\n{last}")[0].text == " ".join(last.split())


@pytest.mark.parametrize(("name", "content"), [("a.srt", ""), ("a.srt", "\n\n"), ("a.vtt", ""), ("a.vtt", "WEBVTT\n")])
def test_a_file_without_cues_holds_no_utterance(name: str, content: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, content) == ()


def test_cues_come_out_in_order_of_time(tmp_path: Path) -> None:
    first, second = SRT.strip().split("\n\n")
    assert read(tmp_path, "a.srt", f"{second}\n\n{first}") == BOTH


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.srt", "just words", r"a\.srt: has no line 'start --> end'; expected a \.srt file"),
        ("a.vtt", "just words", r"a\.vtt: has no line 'start --> end'; expected a \.vtt file"),
        ("a.srt", "1\n0:0:1 --> 0:0:2\nHi", "'0:0:1 --> 0:0:2' has no times; expected 00:00:01,000"),
        ("a.vtt", "WEBVTT\n\nabc --> def\nHi", "'abc --> def' has no times"),
        ("a.srt", "1\n00:00:05,000 --> 00:00:02,000\nHi", "'Hi' ends at 2.0 s, before its start at 5.0 s"),
        ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\ncaf\xe9", "byte 35 is not utf-8-sig"),
    ],
)
def test_broken_subtitles(name: str, content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, name, content)


def test_real_webvtt(media: Path) -> None:
    utterances = read_transcript(media / "talking/friday.vtt")
    assert len(utterances) == 5
    assert utterances[0] == Utterance(text="Hildy!", start_seconds=0.0, end_seconds=0.999)
    assert utterances[4].text == "Somebody must've stolen the crown jewels"
    assert (utterances[4].start_seconds, utterances[4].end_seconds) == (4.3, 6.0)


def test_the_same_sonnet_from_both_formats(media: Path) -> None:
    srt = read_transcript(media / "speech/sonnet/sonnet001.srt")
    assert len(srt) == 15 and srt[0].text == "1" and srt[-1].end_seconds == 53.24
    assert read_transcript(media / "speech/sonnet/sonnet001.vtt") == srt
