from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def words_of(cue: str, tmp_path: Path) -> list[tuple[str, float | None, float | None]]:
    (utterance,) = read(tmp_path, "a.vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n{cue}\n")
    assert (utterance.start_seconds, utterance.end_seconds) == (1.0, 2.0)
    assert not utterance.words or utterance.text == " ".join(word.text for word in utterance.words)
    return [(word.text, word.start_seconds, word.end_seconds) for word in utterance.words]


@pytest.mark.parametrize(
    ("cue", "words"),
    [
        ("Hello<00:00:01.500><c> there</c>", [("Hello", 1.0, 1.5), ("there", 1.5, 2.0)]),
        ("Hello <00:01.500>there", [("Hello", 1.0, 1.5), ("there", 1.5, 2.0)]),
        ("<00:01.250>Hello<00:01.500>\nthere<00:01.750>", [("Hello", 1.25, 1.5), ("there", 1.5, 1.75)]),
        ("Hel<00:01.250>lo <00:01.500>there", [("Hello", 1.0, 1.5), ("there", 1.5, 2.0)]),
        ("Hi<00:01.250> <00:01.500>there", [("Hi", 1.0, 1.25), ("there", 1.5, 2.0)]),
        ("So, oh <00:01.500>dear", [("So,", None, None), ("oh", None, None), ("dear", 1.5, 2.0)]),
        ("R&amp;D<00:01.500> <i>is</i>", [("R&D", 1.0, 1.5), ("is", 1.5, 2.0)]),
        ("Hello<00:01.500> there<00:01.250> you", []),  # back in time
        ("Hello<00:05.000> there", []),  # outside the cue
        ("Hello", []),
    ],
)
def test_times_inside_a_cue(cue: str, words: list[tuple[str, float | None, float | None]], tmp_path: Path) -> None:
    assert words_of(cue, tmp_path) == words


def test_captions_that_roll_up_are_read_once(tmp_path: Path) -> None:
    cues = [
        "00:00.000 --> 00:02.000 align:start position:0%\n \nso<00:00.500><c> it</c><00:01.000><c> goes</c>",
        "00:02.000 --> 00:02.010 align:start position:0%\nso it goes\n ",
        "00:02.010 --> 00:04.000 align:start position:0%\nso it goes\non<00:03.000><c> on</c>",
    ]
    text = "\n\n".join(["WEBVTT\nKind: captions", *cues])
    first, second = read(tmp_path, "a.vtt", text)
    assert [(w.text, w.start_seconds) for w in first.words] == [("so", 0.0), ("it", 0.5), ("goes", 1.0)]
    assert [(w.text, w.start_seconds) for w in second.words] == [("on", 2.01), ("on", 3.0)]


def test_without_times_inside_cues_what_is_said_twice_stays(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nNo.\n\n00:02.000 --> 00:03.000\nNo.\n"
    assert [utterance.text for utterance in read(tmp_path, "a.vtt", text)] == ["No.", "No."]


MILLISECONDS = st.integers(0, 359_999_999)


@given(st.lists(st.tuples(MILLISECONDS, MILLISECONDS), max_size=6))
def test_times_come_back_to_the_millisecond(
    tmp_path_factory: pytest.TempPathFactory, cues: list[tuple[int, int]]
) -> None:
    ordered = sorted((min(pair), max(pair)) for pair in cues)
    folder = tmp_path_factory.mktemp("subtitles")
    for suffix, mark in ((".srt", ","), (".vtt", ".")):
        blocks = [f"{written(a, mark)} --> {written(b, mark)}\nword {i}" for i, (a, b) in enumerate(ordered)]
        (folder / f"a{suffix}").write_text("\n\n".join(["WEBVTT"] * (suffix == ".vtt") + blocks))
        found = [(u.start_seconds, u.end_seconds) for u in read_transcript(folder / f"a{suffix}")]
        assert found == [(a / 1000, b / 1000) for a, b in ordered]


def written(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{rest:03}"


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
        ("a.srt", "1\n0:0:1 --> 0:0:2\nHi", r"a\.srt, line 2: '0:0:1 --> 0:0:2' has no times; expected 00:00:01,000"),
        ("a.vtt", "WEBVTT\n\nabc --> def\nHi", "'abc --> def' has no times"),
        ("a.srt", "1\n00:00:05,000 --> 00:00:02,000\nHi", r"a\.srt, line 2: ends at 2.0 s, before its start at 5.0 s"),
        ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\ncaf\xe9", "line 4: byte 0xe9 is not UTF-8"),
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


def test_marks_of_byte_order_where_files_were_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    cues = ["\ufeff1\n00:00:01,000 --> 00:00:02,000\n\ufeffhello\n", "\ufeff00:00:03,000 --> 00:00:04,000\nyou\n"]
    path.write_text("\ufeff" + "\n".join(cues), encoding="utf-8")
    assert [(u.text, u.start_seconds) for u in read_transcript(path)] == [("hello", 1.0), ("you", 3.0)]
