from pathlib import Path

import pytest

from trimodal.media import TranscriptError, Utterance, Word, read_transcript

HELLO = Utterance(text="Hello there.", start_seconds=0.5, end_seconds=2.0)
SLOTS = {"t1": 500, "t2": 1000, "t3": 2000, "t4": 3000}


def aligned(id: str, first: str, last: str, text: str) -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{id}" TIME_SLOT_REF1="{first}" TIME_SLOT_REF2="{last}">'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def referring(id: str, to: str, text: str) -> str:
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{id}" ANNOTATION_REF="{to}">'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


def tier(attributes: str, *annotations: str) -> str:
    return f"<TIER {attributes}>{''.join(annotations)}</TIER>"


def eaf(*tiers: str, slots: dict[str, object] | None = None, media: str = "", before: str = "") -> str:
    order = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="{id}"/>'
        if value is None
        else f'<TIME_SLOT TIME_SLOT_ID="{id}" TIME_VALUE="{value}"/>'
        for id, value in (SLOTS if slots is None else slots).items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<ANNOTATION_DOCUMENT AUTHOR="" FORMAT="3.0" VERSION="3.0">'
        f'<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">{media}</HEADER>'
        f"<TIME_ORDER>{order}</TIME_ORDER>{''.join(tiers)}</ANNOTATION_DOCUMENT>"
    )


def read(tmp_path: Path, content: str | bytes, recording: str = "") -> tuple[Utterance, ...]:
    path = tmp_path / "a.eaf"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_transcript(path, recording)


SAID = aligned("a1", "t1", "t3", "Hello\n there.")
DEFAULT = 'TIER_ID="default" LINGUISTIC_TYPE_REF="default-lt"'


def test_one_tier(tmp_path: Path) -> None:
    empty = tier('TIER_ID="empty"')
    assert read(tmp_path, eaf(tier(DEFAULT, SAID), empty)) == (HELLO,)
    utf16 = eaf(tier(DEFAULT, SAID)).replace("UTF-8", "UTF-16").encode("utf-16")
    assert read(tmp_path, utf16) == (HELLO,)


@pytest.mark.parametrize("content", [eaf(), eaf(tier(DEFAULT)), eaf(tier(DEFAULT, aligned("a", "t1", "t2", " ")))])
def test_nothing_said(content: str, tmp_path: Path) -> None:
    assert read(tmp_path, content) == ()


@pytest.mark.parametrize(
    ("attributes", "speakers"),
    [
        (['TIER_ID="a"'], [""]),
        (['TIER_ID="a" PARTICIPANT="Ann"'], ["Ann"]),
        (['TIER_ID="tx@Ann"'], ["Ann"]),
        (['TIER_ID="ann"', 'TIER_ID="bob"'], ["ann", "bob"]),
        (['TIER_ID="ann"', 'TIER_ID="b" PARTICIPANT="Bob"'], ["ann", "Bob"]),
        (['TIER_ID="ann"', 'TIER_ID="ann-translation" PARENT_REF="ann"'], [""]),
        (['TIER_ID="gestures"', 'TIER_ID="Transcription"'], [""]),
        (['TIER_ID="g"', 'TIER_ID="ann" LINGUISTIC_TYPE_REF="utterance"'], [""]),
        (['TIER_ID="x"', 'TIER_ID="tx@ann"', 'TIER_ID="tx@bob"'], ["ann", "bob"]),
        (['TIER_ID="ref@ann"', 'TIER_ID="tx@ann" PARENT_REF="ref@ann"'], ["ann"]),
    ],
)
def test_tiers_and_speakers(attributes: list[str], speakers: list[str], tmp_path: Path) -> None:
    tiers = [tier(text, aligned(f"a{i}", "t1", "t3", "Hello there.")) for i, text in enumerate(attributes)]
    found = read(tmp_path, eaf(*tiers))
    assert [utterance.speaker for utterance in found] == speakers
    assert {(u.text, u.start_seconds, u.end_seconds) for u in found} == {("Hello there.", 0.5, 2.0)}


@pytest.mark.parametrize(
    "attributes",
    ['TIER_ID="words"', 'TIER_ID="Words@ann"', 'TIER_ID="ann - words"', 'TIER_ID="w" LINGUISTIC_TYPE_REF="word"'],
)
def test_words(attributes: str, tmp_path: Path) -> None:
    words = tier(attributes, aligned("w1", "t1", "t2", "Hello"), aligned("w2", "t2", "t3", "there."))
    (utterance,) = read(tmp_path, eaf(tier(DEFAULT, SAID), words))
    assert utterance.words == (
        Word(text="Hello", start_seconds=0.5, end_seconds=1.0),
        Word(text="there.", start_seconds=1.0, end_seconds=2.0),
    )
    assert utterance.speaker == ("ann" if "ann" in attributes else "")


def test_open_times_lie_evenly_between_their_neighbours(tmp_path: Path) -> None:
    slots = {"t1": 500, "x1": None, "x2": None, "other": 9000, "t3": 2000}
    parts = [aligned("b1", "t1", "x1", "a"), aligned("b2", "x1", "x2", "b"), aligned("b3", "x2", "t3", "c")]
    found = read(tmp_path, eaf(tier(DEFAULT, *parts), slots=slots))
    assert [(u.text, u.start_seconds, u.end_seconds) for u in found] == [
        ("a", 0.5, 1.0),
        ("b", 1.0, 1.5),
        ("c", 1.5, 2),
    ]


def test_a_word_with_an_open_time_has_none(tmp_path: Path) -> None:
    slots = {"t1": 500, "t2": 750, "x": None, "t3": 2000}
    parts = [aligned("w1", "t1", "t2", "a"), aligned("w2", "t2", "x", "b"), aligned("w3", "x", "t3", "c")]
    (utterance,) = read(tmp_path, eaf(tier('TIER_ID="words"', *parts), slots=slots))
    assert utterance.words == (Word(text="a", start_seconds=0.5, end_seconds=0.75), Word(text="b"), Word(text="c"))
    assert (utterance.start_seconds, utterance.end_seconds) == (0.5, None)


def test_annotations_that_refer_to_others_have_their_times(tmp_path: Path) -> None:
    reference = tier(
        'TIER_ID="ref@ann"', aligned("a1", "t1", "t3", "story.001"), aligned("a2", "t3", "t4", "story.002")
    )
    text = tier(
        'TIER_ID="tx@ann" PARENT_REF="ref@ann"',
        referring("b1", "a1", "Hello"),
        referring("b2", "a1", "there."),
        referring("b3", "a2", "Bye."),
    )
    hello, bye = read(tmp_path, eaf(reference, text))
    assert (hello.text, hello.start_seconds, hello.end_seconds, hello.words) == ("Hello there.", 0.5, 2.0, ())
    assert (bye.text, bye.start_seconds, bye.end_seconds) == ("Bye.", 2.0, 3.0)


def test_words_that_only_refer_are_text_of_what_they_refer_to(tmp_path: Path) -> None:
    middle = tier('TIER_ID="m" PARENT_REF="default"', referring("m1", "a1", "x"))
    words = tier('TIER_ID="words" PARENT_REF="m"', referring("w1", "m1", "Hello"), referring("w2", "m1", "there."))
    assert read(tmp_path, eaf(words, middle, tier(DEFAULT, SAID))) == (HELLO,)


def linked(url: str, origin: str = "") -> str:
    offset = f'TIME_ORIGIN="{origin}"' if origin else ""
    return f'<MEDIA_DESCRIPTOR MEDIA_URL="{url}" MIME_TYPE="video/mp4" {offset}/>'


@pytest.mark.parametrize(
    ("descriptors", "recording", "shift"),
    [
        (linked("file:///d/talk%201.mp4", "250"), "talk 1", 0.25),
        (linked("file:///d/other.mp4", "250"), "talk 1", 0.25),
        (linked("file:///C:/d/cam.mp4") + linked(r".\d\talk 1.mp4", "1500"), "talk 1", 1.5),
        (linked("file:///C:/d/cam.mp4") + linked("talk 1.mp4", "1500"), "cam", 0.0),
        (linked("a.mp4") + linked("b.mp4"), "c", 0.0),
        (linked("talk 1.mp4", "-250"), "talk 1", -0.25),
    ],
)
def test_the_offset_of_the_media_file(descriptors: str, recording: str, shift: float, tmp_path: Path) -> None:
    (utterance,) = read(tmp_path, eaf(tier(DEFAULT, SAID), media=descriptors), recording)
    assert (utterance.start_seconds, utterance.end_seconds) == (0.5 + shift, 2.0 + shift)


@pytest.mark.parametrize(("origin", "expected"), [("-1000", [(0.0, 1.0)]), ("-2000", []), ("-9000", [])])
def test_what_lies_before_the_recording_is_left_out(
    origin: str, expected: list[tuple[float, float]], tmp_path: Path
) -> None:
    found = read(tmp_path, eaf(tier(DEFAULT, SAID), media=linked("a.mp4", origin)))
    assert [(utterance.start_seconds, utterance.end_seconds) for utterance in found] == expected


BOMB = (
    "<!DOCTYPE lolz ["
    + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol" * 10}">' for i in range(10))
    + "]>"
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"a\.eaf: not XML \(no element found: line 1, column 0\); expected an ELAN file"),
        ("hello", r"not XML \(syntax error: line 1, column 0\)"),
        (eaf(tier(DEFAULT, SAID))[:-30], r"not XML \(unclosed token: line 2, column"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "not XML .*encoding"),
        (b'<?xml version="1.0" encoding="shift-jis"?><a/>', "not XML .*encoding"),
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\xe9</a>', "not XML .*not well-formed"),
        ("<html/>", "is html in milliseconds; expected ANNOTATION_DOCUMENT in milliseconds"),
        (eaf().replace("milliseconds", "PAL-frames"), "is ANNOTATION_DOCUMENT in PAL-frames; expected"),
        (eaf(before=BOMB).replace('AUTHOR=""', 'AUTHOR="&l9;"'), "declares a document type; expected an ELAN file"),
        (eaf(tier(DEFAULT, aligned("a", "t1", "t2", "&l9;")), before=BOMB), "declares a document type"),
        (
            eaf(
                tier(DEFAULT, aligned("a", "t1", "t2", "&x;")), before='<!DOCTYPE a [<!ENTITY x SYSTEM "/etc/passwd">]>'
            ),
            "declares a document type",
        ),
        (eaf(before='<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">'), "declares a document type"),
        (eaf(tier(DEFAULT, aligned("a1", "t1", "t9", "x"))), "'t9' is not in the TIME_ORDER; expected a time slot"),
        (eaf(tier(DEFAULT, SAID), slots={"t1": "soon", "t3": 5}), "time slot 't1': 'soon' is not a finite number"),
        (eaf(tier(DEFAULT, SAID), slots={"t1": "1e999", "t3": 5}), "time slot 't1': '1e999' is not a finite number"),
        (eaf(tier(DEFAULT, SAID), slots={"t1": -5, "t3": 5}), "annotation 'a1': starts at -0.005 s, before"),
        (eaf(tier(DEFAULT, SAID), slots={"t1": 9000, "t3": 5}), "annotation 'a1': ends at 0.005 s, before its start"),
        (eaf(tier(DEFAULT, SAID), slots={"t1": 5, "t3": None}), "time slot 't1' or 't3' has no time"),
        (eaf(tier(DEFAULT, SAID), slots={"t1": None, "t3": None}), "time slot 't1' or 't3' has no time"),
        (eaf(tier(DEFAULT, referring("b1", "b2", "x"))), "annotation 'b1' refers to none that has a time"),
        (
            eaf(tier(DEFAULT, referring("b1", "b2", "x"), referring("b2", "b1", "y"))),
            "annotation 'b1' refers to none that has a time",
        ),
        (
            eaf(media=linked("b.mp4", "5") + linked("c.mp4")),
            "its media begin at different times; expected one of them called 'a'",
        ),
        (eaf(media=linked("b.mp4", "x")), "TIME_ORIGIN of 'b': 'x' is not a finite number"),
    ],
)
def test_broken_files(content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)
