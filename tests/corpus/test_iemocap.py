"""IEMOCAP, in a miniature that has all its formats and traps."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from changed_files import change
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from miniature_iemocap import TURNS, make_iemocap

from trimodal.corpus import Corpus, CorpusError, Segment, iemocap, read_corpus

COUNTS = Counter(turn.emotion for turn in TURNS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_iemocap(tmp_path_factory.mktemp("iemocap"))


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(made, tmp_path / "iemocap"))


def segment(corpus: Corpus, id: str) -> Segment:
    return next(segment for segment in corpus.segments if segment.id == id)


def problems(corpus: Corpus) -> list[str]:
    """Return the problems but those of a corpus that is smaller than the published one."""
    return [line for line in corpus.problems if not line.startswith("turns")]


def test_dialogues(made: Path) -> None:
    corpus = read_corpus(made)
    assert (corpus.layout, corpus.root) == ("iemocap", made)
    assert [recording.id for recording in corpus.recordings] == list(dict.fromkeys(turn.dialogue for turn in TURNS))
    first = corpus.recordings[0]
    assert first.media == made / "Session1/dialog/avi/DivX/Ses01F_impro01.avi"
    assert first.sound == made / "Session1/dialog/wav/Ses01F_impro01.wav"
    assert [segment.id for segment in corpus.segments] == [turn.id for turn in TURNS]
    assert segment(corpus, "Ses01F_impro01_M000") == Segment(
        id="Ses01F_impro01_M000",
        recording="Ses01F_impro01",
        start_seconds=1.5,
        end_seconds=2.75,
        split="Session1",
        speaker="Ses01M",
        text="Well: it's 10:30, don't you have it?",
        transcript=made / "Session1/sentences/ForcedAlignment/Ses01F_impro01/Ses01F_impro01_M000.wdseg",
        labels={
            "emotion": "fru",
            "valence": 2.5,
            "activation": 3.0,
            "dominance": 3.5,
            "annotators": 3.0,
            "agreement": 2.0,
            "session": "Session1",
            "dialogue": "Ses01F_impro01",
            "method": "impro",
            "side": "right",
            "spoken": "words",
        },
    )


def test_sentences(made: Path) -> None:
    corpus = read_corpus(made, "iemocap-sentences")
    dialogues = read_corpus(made)
    assert corpus.layout == "iemocap-sentences"
    assert [recording.id for recording in corpus.recordings] == [turn.id for turn in TURNS]
    assert corpus.recordings[1].media == made / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M000.wav"
    for one, other in zip(corpus.segments, dialogues.segments, strict=True):
        assert one == replace(other, recording=one.id, start_seconds=0.0, end_seconds=None)


def test_the_half_of_the_picture_follows_from_who_wears_the_markers(made: Path) -> None:
    sides = {segment.id: segment.labels["side"] for segment in read_corpus(made).segments}
    assert sides["Ses01F_impro01_F000"] == sides["Ses03M_impro03_M000"] == "left"
    assert sides["Ses01M_script01_1b_F000"] == sides["Ses03F_impro07_M030"] == "right"
    assert read_corpus(made).segments[3].labels["method"] == "script"


def test_a_majority_is_of_raters_and_not_of_actors_and_none_agrees_on_no_emotion(made: Path) -> None:
    corpus = read_corpus(made)
    found = {one.id: (one.labels["annotators"], one.labels["agreement"]) for one in corpus.segments}
    assert found["Ses01F_impro01_F001"] == (4, 0)
    assert found["Ses02F_script02_2_F000"] == (3, 2)
    assert found["Ses05M_impro01_M000"] == (3, 3)


def test_what_is_spoken_is_told_apart(made: Path) -> None:
    corpus = read_corpus(made)
    assert {one.id: one.labels["spoken"] for one in corpus.segments if one.labels["spoken"] != "words"} == {
        "Ses01M_script01_1b_F000": "laughter",
        "Ses02F_script02_2_M000": "garbage",
        "Ses03M_impro03_M001": "unaligned",
        "Ses03F_impro07_F001": "breathing",
        "Ses03F_impro07_M030": "unaligned",
        "Ses04F_impro02_F000": "noises",
    }
    assert segment(corpus, "Ses03M_impro03_M001").transcript is None
    assert segment(corpus, "Ses03M_impro03_M001").text == "Yes."


def test_a_whole_corpus_has_notes_and_no_problem(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iemocap, "PUBLISHED", dict(COUNTS))
    corpus = read_corpus(made, "iemocap")
    assert corpus.problems == ()
    assert corpus.notes == (
        "turns: 16 as published",
        "turns by emotion: as published",
        "sound comes from dialog/wav and not from the videos",
        "1 lines of the transcriptions name no turn: Ses01F_impro01.txt, line 2",
        "1 turns are transcribed and not rated: Ses01F_impro01_MXX0",
        "2 turns have no word alignment, as published: Ses03F_impro07_M030, Ses03M_impro03_M001",
    )


def test_counts_are_held_against_the_published_ones(made: Path) -> None:
    assert sum(iemocap.PUBLISHED.values()) == 10_039
    first, second = read_corpus(made).problems
    assert first == "turns: 16 found, 10,039 published"
    assert second.startswith(
        "turns by emotion: ang 1 (1,103 published), exc 1 (1,041 published), hap 2 (595 published)"
    )


def test_one_report_of_what_is_missing(root: Path) -> None:
    shutil.rmtree(root / "Session4")
    shutil.rmtree(root / "Session5/dialog/EmoEvaluation")
    shutil.rmtree(root / "Session3/dialog/avi")
    (root / "Session1/dialog/avi/DivX/Ses01F_impro01.avi").unlink()
    (root / "Session1/dialog/wav/Ses01F_impro01.wav").unlink()
    (root / "Session2/dialog/avi/DivX/Ses02F_script02_2.avi").unlink()
    (root / "Session1/dialog/wav/Ses01M_script01_1b.wav").unlink()
    (root / "Session1/dialog/wav/Ses01F_impro09.wav").write_bytes(b"")
    (root / "Session2/dialog/transcriptions/Ses02F_script02_2.txt").unlink()
    (root / "Session3/sentences/ForcedAlignment/Ses03M_impro03/Ses03M_impro03_M000.wdseg").unlink()
    (root / "Session3/sentences/ForcedAlignment/Ses03F_impro07/Ses03F_impro07_F001.wdseg").write_text("no header")
    corpus = read_corpus(root)
    assert problems(corpus) == [
        "1 sessions are not there: Session4",
        "1 sessions have no dialog/EmoEvaluation and are left out: Session5",
        "1 videos of Session1 are listed and not in DivX: Ses01F_impro01",
        "1 videos of Session2 are listed and not in DivX: Ses02F_script02_2",
        "1 sessions have no dialog/avi/DivX: Session3",
        "2 sounds of Session1 are listed and not in wav: Ses01F_impro01, Ses01M_script01_1b",
        "1 sounds of Session1 in wav are not listed: Ses01F_impro09",
        "1 dialogues have neither video nor sound and are left out: Ses01F_impro01",
        "3 turns have no transcription: Ses02F_script02_2_F000, Ses02F_script02_2_M000, Ses02F_script02_2_F001",
        "1 turns have no word alignment: Ses03M_impro03_M000",
        f"1 word alignments cannot be read and are left out: "
        f"{root}/Session3/sentences/ForcedAlignment/Ses03F_impro07/Ses03F_impro07_F001.wdseg: has no header "
        "'SFrm EFrm SegAScr Word'; expected a word segmentation of Sphinx-3",
    ]
    media = {recording.id: (recording.media, recording.sound) for recording in corpus.recordings}
    assert media["Ses01M_script01_1b"] == (root / "Session1/dialog/avi/DivX/Ses01M_script01_1b.avi", None)
    assert media["Ses02F_script02_2"] == (root / "Session2/dialog/wav/Ses02F_script02_2.wav", None)
    assert {segment.recording for segment in corpus.segments} == set(media)


def test_turns_that_occur_twice_or_under_another_dialogue(root: Path) -> None:
    labels = root / "Session1/dialog/EmoEvaluation"
    first = (labels / "Ses01F_impro01.txt").read_text()
    (labels / "Ses01M_script01_1b.txt").write_text(
        (labels / "Ses01M_script01_1b.txt").read_text().replace("_1b_F000", "_1c_F000")
    )
    (labels / "Ses01F_impro01.txt").write_text(first + first.replace("\tneu\t", "\tsad\t"))
    lines = root / "Session1/dialog/transcriptions/Ses01F_impro01.txt"
    lines.write_text(lines.read_text() + "Ses01F_impro01_F000 [000.2501-001.7357]: Pardon me.\n")
    corpus = read_corpus(root)
    assert segment(corpus, "Ses01F_impro01_F000").labels["emotion"] == "neu"
    assert segment(corpus, "Ses01F_impro01_F000").text == "Excuse me."
    assert [line for line in corpus.problems if "turns" in line and "emotion" not in line][:3] == [
        "1 turns of Session1 are not called like their dialogue and are left out: Ses01M_script01_1c_F000",
        "3 turns are rated more than once, the first of which counts: "
        "Ses01F_impro01_F000, Ses01F_impro01_M000, Ses01F_impro01_F001",
        "turns: 15 found, 10,039 published",
    ]
    assert "1 turns are transcribed more than once, the first of which counts: Ses01F_impro01_F000" in corpus.problems


def test_another_encoding_is_a_problem_and_no_end(root: Path) -> None:
    change(root / "Session1/dialog/transcriptions/Ses01F_impro01.txt", "Yeah.", "Café.", "cp1252")
    corpus = read_corpus(root)
    assert segment(corpus, "Ses01F_impro01_F001").text == "Café."
    assert any("is not UTF-8; the file is read as Windows-1252" in line for line in corpus.problems)


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_line_ends(root: Path, line_end: str) -> None:
    for file in (*root.glob("Session1/dialog/*/Ses*.txt"), *root.glob("Session1/sentences/*/*/*.wdseg")):
        file.write_bytes(file.read_bytes().replace(b"\n", line_end.encode()))
    assert segment(read_corpus(root), "Ses01F_impro01_M000").text == "Well: it's 10:30, don't you have it?"
    assert problems(read_corpus(root)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[V, A, D]", "[A, V, D]", r"line 1: '% \[START.* \[A, V, D\]' names another order than \[V, A, D\]"),
        ("[2.5000, 3.0000, 3.5000]", "[2.5000, 3.0000]", r"impro01\.txt, line 3: '\[0\.2501 .*' is no turn; expected"),
        ("[0.2501 - 1.7357]", "[zero - 1.7357]", r"line 3: '\[zero .*' is no turn"),
        ("[0.2501 - 1.7357]", "[1.7357 - 1.7357]", "line 3: from 1.7357 s to 1.7357 s; expected a start from 0 s on"),
        ("[0.2501 - 1.7357]", "[-0.2501 - 1.7357]", "line 3: from -0.2501 s to 1.7357 s"),
    ],
)
def test_broken_labels_name_file_and_line(root: Path, old: str, new: str, message: str) -> None:
    change(root / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt", old, new)
    with pytest.raises(CorpusError, match=message):
        read_corpus(root)


def test_labels_alone_are_no_corpus(root: Path) -> None:
    for folder in root.glob("Session*/sentences/wav"):
        shutil.rmtree(folder)
    with pytest.raises(CorpusError, match=r"has 16 turns and no sound or video of them; .* no sentences/wav: Session1"):
        read_corpus(root, "iemocap-sentences")
    for folder in root.glob("Session*/dialog/EmoEvaluation"):
        shutil.rmtree(folder)
    with pytest.raises(CorpusError, match=r"no turn is rated; expected Session1/dialog/EmoEvaluation/\*\.txt"):
        read_corpus(root, "iemocap")


def test_what_is_recognised(root: Path, tmp_path: Path) -> None:
    assert read_corpus(root).layout == "iemocap"
    for folder in (*root.glob("Session*/dialog/avi"), *root.glob("Session*/dialog/wav")):
        shutil.rmtree(folder)
    assert read_corpus(root).layout == "iemocap-sentences"
    for other in (tmp_path, tmp_path / "nothing", root / "Session1", root / "Session1/dialog/EmoEvaluation"):
        assert not iemocap.recognises(other) and not iemocap.recognises_sentences(other)


LINE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["[0.1 - 0.2]\tSes01F_impro01_F000\tneu\t[2.5, 3, 3.5]", "C-E1:\tNeutral;\t()", "C-E", "[", "%"]),
    st.text(alphabet="[]0123456789.,- \tSes01F_improneu", max_size=60),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    labels=st.lists(LINE, max_size=8), transcription=st.lists(LINE, max_size=8), alignment=st.lists(LINE, max_size=5)
)
def test_whatever_stands_in_the_files_there_is_a_corpus_or_one_clear_line(
    labels: list[str], transcription: list[str], alignment: list[str], tmp_path: Path
) -> None:
    files = {
        "dialog/EmoEvaluation/Ses01F_impro01.txt": labels,
        "dialog/transcriptions/Ses01F_impro01.txt": transcription,
        "sentences/ForcedAlignment/Ses01F_impro01/Ses01F_impro01_F000.wdseg": alignment,
        "sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav": [],
    }
    for name, lines in files.items():
        path = tmp_path / "Session1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        corpus = read_corpus(tmp_path, "iemocap-sentences")
    except CorpusError as error:
        assert "\n" not in str(error)
    else:
        assert [one.id for one in corpus.segments] == ["Ses01F_impro01_F000"]
