from pathlib import Path

import pytest

from trimodal.media import TranscriptError, Utterance, Word, read_transcript
from trimodal.media.transcripts.textgrid import between_pauses

Interval = tuple[float, float, str]
WORDS: list[Interval] = [(0, 0.5, 'say ""hi""'), (0.5, 1, "Größe"), (1, 2.5, "sil"), (2.5, 2.6, ""), (2.6, 3, "end")]
EXPECTED = (
    Utterance(
        text='say "hi" Größe',
        start_seconds=0.0,
        end_seconds=1.0,
        words=(
            Word(text='say "hi"', start_seconds=0.0, end_seconds=0.5),
            Word(text="Größe", start_seconds=0.5, end_seconds=1.0),
        ),
    ),
    Utterance(
        text="end", start_seconds=2.6, end_seconds=3.0, words=(Word(text="end", start_seconds=2.6, end_seconds=3.0),)
    ),
)


def long_form(tiers: list[tuple[str, list[Interval]]], kind: str = "IntervalTier") -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", "xmax = 3", "tiers? <exists>"]
    lines += [f"size = {len(tiers)}", "item []:"]
    for number, (name, intervals) in enumerate(tiers, 1):
        lines += [f"    item [{number}]:", f'        class = "{kind}"', f'        name = "{name}"']
        lines += ["        xmin = 0", "        xmax = 3", f"        intervals: size = {len(intervals)}"]
        for position, (start, end, text) in enumerate(intervals, 1):
            lines += [f"        intervals [{position}]:", f"            xmin = {start}", f"            xmax = {end}"]
            lines += [f'            text = "{text}"']
    return "\n".join(lines) + "\n"


def short_form(name: str, intervals: list[Interval]) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", "3", "<exists>", "2"]
    lines += ['"TextTier"', '"points"', "0", "3", "1", "0.5", '"x"']
    lines += ['"IntervalTier"', f'"{name}"', "0", "3", str(len(intervals))]
    for start, end, text in intervals:
        lines += [str(start), str(end), f'"{text}"']
    return "\n".join(lines) + "\n"


def read(tmp_path: Path, content: str | bytes) -> tuple[Utterance, ...]:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_transcript(path)


PHONES: tuple[str, list[Interval]] = ("phones", [(0, 3, "AH")])


@pytest.mark.parametrize("text", [long_form([PHONES, ("words", WORDS)]), short_form("words", WORDS)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_form_encoding_and_line_end(text: str, encoding: str, newline: str, tmp_path: Path) -> None:
    assert read(tmp_path, text.replace("\n", newline).encode(encoding)) == EXPECTED


@pytest.mark.parametrize("name", ["words", "word", "Words", " WORD "])
def test_the_word_tier_has_many_names(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, long_form([PHONES, (name, WORDS)])) == EXPECTED


@pytest.mark.parametrize("silence", ["", " ", "sp", "SIL", "<sil>", "silence", "#"])
def test_silence_is_no_word(silence: str, tmp_path: Path) -> None:
    assert [u.text for u in read(tmp_path, long_form([("words", [(0, 1, silence), (1, 2, "word")])]))] == ["word"]


def test_a_label_may_look_like_the_format(tmp_path: Path) -> None:
    label = 'xmin = 3 ! "" text = ""'
    (utterance,) = read(tmp_path, long_form([("words", [(0, 1, label)])]))
    assert utterance.text == label.replace('""', '"')


def test_lines_within_a_label_are_joined(tmp_path: Path) -> None:
    assert read(tmp_path, long_form([("words", [(0, 1, "two\nlines")])]))[0].text == "two lines"


def test_without_a_word_tier_every_interval_of_the_first_is_an_utterance(tmp_path: Path) -> None:
    turns: list[Interval] = [(0, 1, "Hello there."), (1, 1.5, ""), (1.5, 3, "Bye.")]
    assert read(tmp_path, long_form([("turns", turns), PHONES])) == (
        Utterance(text="Hello there.", start_seconds=0.0, end_seconds=1.0),
        Utterance(text="Bye.", start_seconds=1.5, end_seconds=3.0),
    )


def test_tiers_of_the_same_name_are_no_obstacle(tmp_path: Path) -> None:
    assert read(tmp_path, long_form([PHONES, PHONES, ("words", WORDS)])) == EXPECTED


def test_a_grid_without_labels_holds_no_utterance(tmp_path: Path) -> None:
    assert read(tmp_path, long_form([("words", [(0, 3, "")])])) == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a TextGrid"),
        (b"hello", "not a TextGrid"),
        (b"ooBinaryFile\x08TextGrid", "a binary TextGrid; save it in Praat as text"),
        (long_form([("words", WORDS)])[:400].encode(), "not a TextGrid"),
        (long_form([("words", WORDS)]).encode("latin-1"), "not a TextGrid .*can't decode byte 0xf6"),
        (long_form([("words", [(2, 1, "back")])]).encode(), "not a TextGrid .*cannot occur after its end"),
        (long_form([]).encode(), "has no interval tier; expected one called 'words'"),
    ],
)
def test_broken_textgrid(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_points_alone_are_not_enough(tmp_path: Path) -> None:
    text = short_form("words", WORDS).split('"IntervalTier"')[0].replace("<exists>\n2", "<exists>\n1")
    with pytest.raises(TranscriptError, match="has no interval tier"):
        read(tmp_path, text)


@pytest.mark.parametrize(("pause", "count"), [(0.999, 1), (1.0, 2), (5.0, 2)])
def test_a_pause_ends_an_utterance(pause: float, count: int) -> None:
    words = [
        Word(text="a", start_seconds=0.0, end_seconds=1.0),
        Word(text="b", start_seconds=1.0 + pause, end_seconds=9.0),
    ]
    utterances = between_pauses(words)
    assert len(utterances) == count
    assert [word for utterance in utterances for word in utterance.words] == words


def test_real_textgrid(media: Path) -> None:
    utterances = read_transcript(media / "speech/acoustic_corpus.TextGrid")
    words = [word for utterance in utterances for word in utterance.words]
    assert len(words) == 58
    assert words[0] == Word(text="this", start_seconds=1.05, end_seconds=1.2)
    assert words[-1].text == "thanks" and words[-1].end_seconds == 25.25
    lab = (media / "speech/acoustic_corpus.lab").read_text().split()
    assert " ".join(utterance.text for utterance in utterances).split()[:5] == [word.lower() for word in lab[:5]]


def test_real_textgrid_without_word_tier(media: Path) -> None:
    sonnet = read_transcript(media / "speech/sonnet/sonnet001.textgrid")
    assert sonnet == read_transcript(media / "speech/sonnet/sonnet001.srt")
