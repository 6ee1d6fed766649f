"""Folders of published corpora that are not as they were published: one report of all of it, before any extraction."""

import io
import json
import re
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from changed_files import change
from corpus_faults import ENCODING, FAULTS, TABLE, write_kaldi
from miniature_afew_va import CLIPS, write_afew_va
from miniature_iemocap import make_iemocap
from miniature_meld import write_meld
from miniature_mmsa import write_sims
from miniature_mosei import write_mosei
from miniature_mosi import write_mosi
from miniature_rated import write_rated
from miniature_recola import write_recola
from miniature_sewa import PEOPLE, write_sewa, write_tone
from miniature_sspnet import write_sspnet

from trimodal.cli import main
from trimodal.corpus import LAYOUTS, CorpusError, read_corpus

SOUND = "tracks:\n  mfcc: {}\nalign:\n  audio: {tracks: [mfcc], timeline: none}\n"
RATINGS = (
    "tracks:\n  valence: {extractor: annotation, annotation: valence}\n"
    "align:\n  ratings: {tracks: [valence], timeline: none}\n"
)


@dataclass(frozen=True)
class Case:
    """A miniature, what is done to it, and what the report then has."""

    write: Callable[[Path], object]
    spoil: Callable[[Path], None]
    report: tuple[str, ...]
    recipe: str = SOUND


def spoil_iemocap(root: Path) -> None:
    shutil.rmtree(root / "Session4")
    change(root / "Session1/dialog/transcriptions/Ses01F_impro01.txt", "Yeah.", "Café.", "cp1252")
    sounds = root / "Session2/dialog/wav"
    (sounds / "Ses02F_script02_2.wav").rename(sounds / "Ses02F_impro09.wav")
    labels = root / "Session5/dialog/EmoEvaluation/Ses05M_impro01.txt"
    labels.write_text(labels.read_text() * 2)


def spoil_meld(root: Path) -> None:
    raw = root / "MELD.Raw"
    clips = raw / "train/train_splits"
    (clips / "dia0_utt1.mp4").rename(clips / "dia0_utt2.mp4")
    shutil.copy(clips / "dia0_utt0.mp4", clips / "dia0_utt0.mkv")
    (raw / "dev_sent_emo.csv").unlink()
    table = raw / "test_sent_emo.csv"
    lines = table.read_text(encoding="utf-8").replace("you're", "you’re").splitlines()  # noqa: RUF001
    more = [f"{lines[0]},Rater", *(f"{line},A" for line in [*lines[1:], lines[1]])]
    table.write_bytes("\n".join([*more, ""]).encode("cp1252"))


def spoil_sims(root: Path) -> None:
    clips = root / "Raw/video_0001"
    (clips / "0001.mp4").rename(clips / "0007.mp4")
    lines = (root / "label.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{line},{end}" for line, end in zip([*lines, lines[-1]], ["rater", *"ABCDE"], strict=True)]
    (root / "label.csv").write_bytes("\n".join([*lines, ""]).encode("gb18030"))


def spoil_sspnet(root: Path) -> None:
    sounds = root / "audiodata"
    (sounds / "06-11-08_1290_1320.wav").rename(sounds / "06-11-08_0_30.wav")
    table = (root / "conflictlevel.csv").read_text()
    (root / "conflictlevel.csv").write_bytes(f"{table}08-03-12_0_30,1.0\r\n".encode())


def spoil_mosi(root: Path) -> None:
    clips = root / "Raw/Video/Segmented"
    (clips / "03bSnISJMiM_1.mp4").rename(clips / "03bSnISJMiM_9.mp4")
    (clips / "f_pcplsH_V0_1.avi").touch()
    transcript = root / "Raw/Transcript/Segmented/c5xsKMxpXnc.annotprocessed"
    text = transcript.read_text()
    transcript.write_bytes(f"{text}1_DELIM_CAFÉ\n".encode("cp1252"))


def spoil_mosei(root: Path) -> None:
    clips = root / "Raw/Videos/Segmented/Combined"
    (clips / "81406_2.mp4").rename(clips / "81406_9.mp4")


def spoil_sewa(root: Path) -> None:
    shutil.rmtree(root / "Original/videos")
    (root / "Original/audio/SEW1101.wav").unlink()
    write_tone(root / "Original/audio/SEW9999.wav", 100.0)


def spoil_recola(root: Path) -> None:
    (root / "ratings_gold_standard/valence/train_1.arff").unlink()
    (root / "features_audio/arousal/dev_9.arff").unlink()


def spoil_afew_va(root: Path) -> None:
    (root / "01/003/00004.png").unlink()
    (root / "12/600/600.json").unlink()
    shutil.copytree(root / "01/003", root / "12/003")


def write_list(root: Path) -> None:
    """Write a manifest of two sounds."""
    for name in ("a", "b"):
        write_tone(root / f"{name}.wav", 440.0)
    (root / "manifest.csv").write_text("media\na.wav\nb.wav\n")


CASES = {
    "iemocap": Case(
        lambda root: make_iemocap(root, has_video=False),
        spoil_iemocap,
        (
            "1 sessions are not there: Session4",
            f"Ses01F_impro01.txt, line 4: byte 183{ENCODING}",
            "1 sounds of Session2 are listed and not in wav: Ses02F_script02_2",
            "1 sounds of Session2 in wav are not listed: Ses02F_impro09",
            "2 turns are rated more than once, the first of which counts: Ses05M_impro01_F000, Ses05M_impro01_M000",
            "turns: 14 found, 10,039 published",
        ),
    ),
    "meld": Case(
        write_meld,
        spoil_meld,
        (
            "1 clips of train are listed and not in train_splits: dia0_utt1",
            "1 clips of train in train_splits are not listed: dia0_utt2",
            "1 clips of train have several files, the first of which counts: dia0_utt0.mkv",
            "there is no dev_sent_emo.csv, and so nothing of dev is read",
            f"test_sent_emo.csv, line 2: byte 123{ENCODING}",
            "test_sent_emo.csv: 1 columns are not used: Rater",
            "1 clips of test are listed more than once: dia0_utt0",
            "utterances of train: 4 found, 9,989 published",
        ),
    ),
    "mmsa": Case(
        write_sims,
        spoil_sims,
        (
            f"label.csv, line 2: byte 90{ENCODING}",
            "label.csv: 1 columns are not used: rater",
            "1 clips are listed more than once: video_0060/0010",
            "1 clips are listed and not in Raw: video_0001/0001",
            "1 clips in Raw are not listed: video_0001/0007",
            "CH-SIMS, clips: 3 found, 2,281 published",
        ),
    ),
    "sspnet-conflict": Case(
        write_sspnet,
        spoil_sspnet,
        (
            "1 clips are listed more than once: 08-03-12_0_30",
            "1 clips are listed and not in audiodata: 06-11-08_1290_1320",
            "1 clips in audiodata are not listed: 06-11-08_0_30",
            "clips: 4 found, 1,430 published",
        ),
    ),
    "cmu-mosi": Case(
        lambda root: write_mosi(root, "clips"),
        spoil_mosi,
        (
            "1 clips are listed and not in Segmented: 03bSnISJMiM_1",
            "1 clips in Segmented are not listed: 03bSnISJMiM_9",
            "1 clips have several files, the first of which counts: f_pcplsH_V0_1.avi",
            f"c5xsKMxpXnc.annotprocessed, line 2: byte 33{ENCODING}",
            "1 utterances have two lines in the transcripts, the first of which counts: c5xsKMxpXnc_1",
            "videos of train: 2 found, 52 published",
        ),
    ),
    "cmu-mosei": Case(
        lambda root: write_mosei(root, "clips"),
        spoil_mosei,
        (
            "1 clips are listed and not in Combined: 81406_2",
            "1 clips in Combined are not listed: 81406_9",
            "videos of test: 1 found, 676 published",
        ),
    ),
    "sewa": Case(
        lambda root: write_sewa(root, PEOPLE[:2]),
        spoil_sewa,
        (
            "1 recordings are listed and not in audio: SEW1101",
            "1 recordings in audio are not listed: SEW9999",
            "1 recordings have no media and are left out: SEW1101",
        ),
    ),
    "recola": Case(
        write_recola,
        spoil_recola,
        (
            "1 recordings have no gold standard of valence: train_1",
            "1 recordings have no features audio_arousal: dev_9",
            "RECOLA, train: 1 found, 9 published",
        ),
        RATINGS,
    ),
    "afew-va": Case(
        lambda root: write_afew_va(root, {"003": CLIPS["003"], "600": CLIPS["600"]}),
        spoil_afew_va,
        (
            "1 clips have several folders, the first of which counts: 003",
            "600.json: no such file or directory; the clip has no ratings",
            "1 clips have rated frames without a picture: 003",
            "598 clips are missing: 001, 002, 004, 005, 006, ...",
        ),
        RATINGS,
    ),
    "manifest": Case(write_list, lambda root: (root / "a.wav").unlink(), ("1 files are listed and not there: a.wav",)),
}


WRITE: dict[str, Callable[[Path], object]] = {
    **{name: case.write for name, case in CASES.items()},
    "iemocap-sentences": CASES["iemocap"].write,
    "rated": write_rated,
    "kaldi": write_kaldi,
}


def test_the_table_has_every_layout_and_every_fault() -> None:
    """All but ``folder``, where nothing is listed and no file is a label."""
    assert set(TABLE) == set(LAYOUTS) - {"folder"}
    assert all(set(faults) == set(FAULTS) for faults in TABLE.values())


@pytest.fixture(scope="module")
def miniatures(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what gives the miniature of a layout, which is written once."""
    folder = tmp_path_factory.mktemp("miniatures")

    @cache
    def written(layout: str) -> Path:
        WRITE[layout](folder / layout)
        return folder / layout

    for layout in TABLE:
        (folder / layout).mkdir()
    return written


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("layout", TABLE)
def test_every_fault_is_told(layout: str, fault: str, miniatures: Callable[[str], Path], tmp_path: Path) -> None:
    """Of what is whole it is not said."""
    case = TABLE[layout][fault]
    whole = read_corpus(miniatures(layout), layout)
    assert not any(case.said in line for line in (*whole.problems, *whole.notes, *whole.label_names))
    root = Path(shutil.copytree(miniatures(layout), tmp_path / "corpus"))
    case.spoil(root)
    if case.kind == "refused":
        with pytest.raises(CorpusError, match=re.escape(case.said)):
            read_corpus(root, layout)
        return
    corpus = read_corpus(root, layout)
    lines = {"problem": corpus.problems, "note": corpus.notes, "label": corpus.label_names}[case.kind]
    assert any(case.said in line for line in lines), lines
    assert corpus.segments


@pytest.fixture
def spoilt(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Case, list[str]]:
    """A case, and what any command is given to run it."""
    case, corpus = CASES[request.param], tmp_path / "corpus"
    corpus.mkdir()
    case.write(corpus)
    case.spoil(corpus)
    (tmp_path / "r.yaml").write_text(case.recipe)
    return case, [str(corpus), "--recipe", str(tmp_path / "r.yaml"), "--work", str(tmp_path / "work")]


def printed_by(command: list[str]) -> tuple[int, list[str]]:
    """Return the exit code of a command, and what it printed in order, whichever stream it went to."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        code = main(command)
    return code, printed.getvalue().splitlines()


def problems_of(lines: list[str], report: tuple[str, ...]) -> list[int]:
    """Return the numbers of the lines that say what is wrong; each part of a report is in one."""
    numbers = [number for number, line in enumerate(lines) if line.startswith("problem: ")]
    for part in report:
        assert any(part in lines[number] for number in numbers), (part, [lines[number] for number in numbers])
    return numbers


@pytest.mark.parametrize("spoilt", CASES, indirect=True)
def test_everything_is_in_one_report(spoilt: tuple[Case, list[str]]) -> None:
    case, given = spoilt
    code, lines = printed_by(["status", *given])
    numbers = problems_of(lines, case.report)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert (code, lines[-1].startswith("0 recordings done (0.00 h), 0 failed, ")) == (1, True)


@pytest.mark.parametrize("spoilt", ["iemocap", "mmsa", "manifest"], indirect=True)
def test_the_report_comes_before_any_extraction(spoilt: tuple[Case, list[str]], tmp_path: Path) -> None:
    case, given = spoilt
    code, lines = printed_by(["run", *given, "--out", str(tmp_path / "out"), "--log-json", "--jobs", "1"])
    events = [json.loads(line) for line in lines]
    shown = [f"{event['event']}: {event.get('text', '')}" for event in events]
    assert max(problems_of(shown, case.report)) < shown.index("known: ")
    assert code == (1 if case is CASES["manifest"] else 0)
    assert (tmp_path / "out/manifest.json").is_file()


@pytest.mark.parametrize("spoilt", CASES, indirect=True)
def test_strict_makes_it_an_error_and_nothing_is_done(spoilt: tuple[Case, list[str]], tmp_path: Path) -> None:
    case, given = spoilt
    code, lines = printed_by(["run", *given, "--out", str(tmp_path / "out"), "--strict"])
    count = len(problems_of(lines, case.report))
    assert (code, lines[-1]) == (
        2,
        f"trimodal: {given[0]}: {count} problem{'s' * (count > 1)}, an error with --strict; expected none",
    )
    assert not (tmp_path / "out").exists() and not (tmp_path / "work").exists()


def test_what_is_whole_is_strictly_fine(tmp_path: Path) -> None:
    write_sewa(tmp_path / "corpus", PEOPLE[:2])
    (tmp_path / "r.yaml").write_text(RATINGS)
    out = ["--out", str(tmp_path / "out"), "--strict", "--quiet"]
    assert main(["run", str(tmp_path / "corpus"), "--recipe", str(tmp_path / "r.yaml"), *out]) == 0
