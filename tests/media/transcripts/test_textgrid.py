from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.media import TranscriptError, Utterance, Word, read_transcript
from trimodal.media.transcripts.marks import TIERS, is_word
from trimodal.media.transcripts.textgrid import read_textgrid

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


@pytest.mark.parametrize("silence", ["", " ", "sp", "SIL", "<sil>", "<eps>", "#"])
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


def test_the_words_of_every_speaker(tmp_path: Path) -> None:
    tiers: list[tuple[str, list[Interval]]] = [
        ("ann - words", [(0, 1, "<unk>"), (1, 2, "hello"), (2, 3, "spn")]),
        ("ann - phones", [(1, 2, "HH")]),
        ("Bob Lee - Words", [(0.5, 1.5, "hi")]),
    ]
    utterances = read(tmp_path, long_form(tiers))
    assert [(u.speaker, u.text, u.start_seconds, u.end_seconds) for u in utterances] == [
        ("Bob Lee", "hi", 0.5, 1.5),
        ("ann", "hello", 1.0, 2.0),
    ]


def test_penn_forced_aligner(tmp_path: Path) -> None:
    """P2FA writes the short form with an older head and upper-case words."""
    words: list[Interval] = [(0, 0.5, "sp"), (0.5, 1.1, "HELLO"), (1.1, 1.5, "{NS}"), (1.5, 2, "THERE")]
    text = short_form("word", words).replace('"ooTextFile"', '"ooTextFile short"').replace("Object class = ", "")
    (utterance,) = read(tmp_path, text)
    assert [(w.text, w.start_seconds, w.end_seconds) for w in utterance.words] == [
        ("HELLO", 0.5, 1.1),
        ("THERE", 1.5, 2.0),
    ]


@pytest.mark.parametrize("label", ["item [2]:", "intervals [3]:", '""IntervalTier""', "! xmin", "<exists>", '""'])
def test_a_label_never_ends_a_tier(label: str, tmp_path: Path) -> None:
    words: list[Interval] = [(0, 1, label), (1, 2, "z")]
    for text in (long_form([("words", words)]), short_form("words", words)):
        (utterance,) = read(tmp_path, text)
        assert [word.text for word in utterance.words] == [label.replace('""', '"'), "z"]


def test_comments_exponents_and_a_missing_last_line_end(tmp_path: Path) -> None:
    text = short_form("words", [(1e-05, 1, "a"), (1, 2, "z")]).rstrip("\n").replace("<exists>", "<exists> ! are tiers")
    (utterance,) = read(tmp_path, text)
    assert [(word.text, word.start_seconds) for word in utterance.words] == [("a", 1e-05), ("z", 1.0)]


TIMES = st.floats(0, 1e5, allow_subnormal=False)
LABELS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@given(st.lists(st.tuples(TIMES, TIMES, LABELS), max_size=8))
def test_every_label_comes_back_with_its_times(
    tmp_path_factory: pytest.TempPathFactory, intervals: list[tuple[float, float, str]]
) -> None:
    ordered = [(min(a, b), max(a, b), label) for a, b, label in intervals]
    written = [(start, end, label.replace('"', '""')) for start, end, label in ordered]
    path = tmp_path_factory.mktemp("grid") / "a.TextGrid"
    for text in (long_form([("turns", written)]), short_form("turns", written)):
        path.write_text(text, encoding="utf-8", newline="")
        found = [(u.start_seconds, u.end_seconds, u.text) for u in read_textgrid(path)]
        assert found == [
            (start, end, " ".join(label.split())) for start, end, label in ordered if is_word(label, TIERS)
        ]


def test_a_grid_without_labels_holds_no_utterance(tmp_path: Path) -> None:
    assert read(tmp_path, long_form([("words", [(0, 3, "")])])) == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a TextGrid, or not all of it: it ends where a text is expected"),
        (b"hello", "not a TextGrid, or not all of it"),
        (b'"ooTextFile" "Sound\n2"', "not a TextGrid; found 'Sound 2', expected 'TextGrid'"),
        (b'File type = "ooTextFile"\n"TextGrid"\n0\n1e999', "line 4: '1e999' is not a finite number"),
        (b'File type = "ooTextFile"\n"TextGrid"\n0\n"x"', "line 4: '\"x\"' is not a number; expected a whole TextGrid"),
        (b'"ooTextFile" "TextGrid" 0 1 <absent>', "has no interval tier; expected one called 'words'"),
        (b"ooBinaryFile\x08TextGrid", "a binary TextGrid; save it in Praat as text"),
        (long_form([("words", WORDS)])[:400].encode(), "not a TextGrid, or not all of it"),
        (short_form("words", WORDS)[:-20].encode(), "not a TextGrid, or not all of it"),
        (long_form([("words", WORDS)]).encode("latin-1"), "line 22: byte 0xf6 is not UTF-8"),
        (long_form([("words", [(2, 1, "back")])]).encode(), "line 17: ends at 1.0 s, before its start at 2.0 s"),
        (long_form([("words", [(-5, 1, "early")])]).encode(), "line 17: starts at -5.0 s, before the recording"),
        (long_form([("words", [(float("nan"), 1, "x")])]).encode(), "line 18: .* is not a number; expected a whole"),
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
