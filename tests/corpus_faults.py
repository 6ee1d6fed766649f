"""What can be wrong with a corpus: of every layout every fault, how to make it, and what is said of it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from changed_files import change
from miniature_sewa import write_tone

ENCODING = " is not UTF-8; the file is read as Windows-1252"
FAULTS = (
    "a part is missing",
    "another encoding",
    "other columns",
    "listed and absent",
    "there and not listed",
    "twice",
)


@dataclass(frozen=True)
class Fault:
    """What is done to a miniature, and what is said of it: a problem, a note, or why it cannot be read."""

    spoil: Callable[[Path], object]
    said: str
    kind: Literal["problem", "note", "refused", "label"] = "problem"


def append(path: Path, text: str | bytes) -> None:
    """Write a text behind a file."""
    path.write_bytes(path.read_bytes() + (text if isinstance(text, bytes) else text.encode()))


def with_column(path: Path, name: str, cell: str = "9") -> None:
    """Put a column behind those of a table."""
    head, *rows = path.read_bytes().decode().splitlines()
    separator = ";" if ";" in head else ","
    path.write_bytes("\n".join([f"{head}{separator}{name}", *(f"{row}{separator}{cell}" for row in rows), ""]).encode())


def copy(path: Path, name: str) -> None:
    """Copy a file or a folder to a name beside it."""
    target = path.parent / name
    target.parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if path.is_dir() else shutil.copy)(path, target)


def with_more_labels(path: Path, root: str) -> None:
    """Write labels of one column too many."""
    with h5py.File(path, "r+") as file:
        for entry in file[root]["data"].values():
            values = entry["features"][()]
            del entry["features"]
            entry["features"] = np.hstack([values, values[:, :1]])


def with_arff_column(path: Path) -> None:
    """Put a column behind those of an ARFF file."""
    head, rows = path.read_text().split("@data")
    path.write_text(f"{head}@attribute Extra numeric\n@data\n" + "".join(f"{row},1.0\n" for row in rows.split()))


def write_kaldi(root: Path) -> None:
    """Write a data folder of two recordings with a segment each."""
    for name in ("a", "b"):
        write_tone(root / f"{name}.wav", 440.0, seconds=0.1)
    (root / "wav.scp").write_text("a a.wav\nb b.wav\n")
    (root / "segments").write_text("a1 a 0 0.1\nb1 b 0 0.1\n")
    (root / "text").write_text("a1 yes\nb1 no\n")
    (root / "utt2spk").write_text("a1 ann\nb1 bob\n")


EVALUATION = "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
TRANSCRIPTION = "Session1/dialog/transcriptions/Ses01F_impro01.txt"
ALIGNED = "Session1/sentences/ForcedAlignment/Ses01F_impro01/Ses01F_impro01_F000.wdseg"
SENTENCES = "Session1/sentences/wav/Ses01F_impro01"
OF_IEMOCAP = {
    "a part is missing": Fault(lambda root: shutil.rmtree(root / "Session4"), "1 sessions are not there: Session4"),
    "another encoding": Fault(
        lambda root: change(root / TRANSCRIPTION, "Yeah.", "Café.", "cp1252"),
        f"Ses01F_impro01.txt, line 4: byte 183{ENCODING}",
    ),
    "other columns": Fault(
        lambda root: change(root / EVALUATION, "2.5000, 3.0000, 3.5000]", "2.5000, 3.0000, 3.5000, 1.0]"),
        "is no turn; expected [start - end], its name, its emotion and [valence, activation, dominance]",
        "refused",
    ),
    "twice": Fault(
        lambda root: append(root / EVALUATION, (root / EVALUATION).read_bytes()),
        "3 turns are rated more than once, the first of which counts: Ses01F_impro01_F000, ",
    ),
}
GOLD = "ratings_gold_standard/valence/train_1.arff"
SEWA_LABELS = "SEW_labels_valence_100Hz_gold_shifted.csv"
RATED = "RECOLA-Annotation/emotional_behaviour/valence/P17.csv"
MOSI_LINES = "Raw/Transcript/Segmented/c5xsKMxpXnc.annotprocessed"
MOSEI_LINES = "Raw/Transcript/Segmented/Combined/81406.txt"

TABLE: dict[str, dict[str, Fault]] = {
    "iemocap": {
        **OF_IEMOCAP,
        "listed and absent": Fault(
            lambda root: (root / "Session2/dialog/wav/Ses02F_script02_2.wav").unlink(),
            "1 sounds of Session2 are listed and not in wav: Ses02F_script02_2",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "Session2", "Session6"),
            "1 folders are called like sessions, are none and are not read: Session6",
        ),
    },
    "iemocap-sentences": {
        **OF_IEMOCAP,
        "listed and absent": Fault(
            lambda root: (root / SENTENCES / "Ses01F_impro01_F001.wav").unlink(),
            "1 sentences of Session1 are listed and not in wav: Ses01F_impro01/Ses01F_impro01_F001",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / ALIGNED, "Ses01F_impro01_F099.wdseg"),
            "1 word alignments are of no turn that was rated: Ses01F_impro01_F099",
        ),
    },
    "meld": {
        "a part is missing": Fault(
            lambda root: (root / "MELD.Raw/dev_sent_emo.csv").unlink(),
            "there is no dev_sent_emo.csv, and so nothing of dev is read",
        ),
        "another encoding": Fault(
            lambda root: change(root / "MELD.Raw/test_sent_emo.csv", "you're", "you’re", "cp1252"),  # noqa: RUF001
            f"test_sent_emo.csv, line 2: byte 118{ENCODING}",
        ),
        "other columns": Fault(
            lambda root: with_column(root / "MELD.Raw/test_sent_emo.csv", "Rater"),
            "test_sent_emo.csv: 1 columns are not used: Rater",
        ),
        "listed and absent": Fault(
            lambda root: (root / "MELD.Raw/train/train_splits/dia0_utt1.mp4").unlink(),
            "1 clips of train are listed and not in train_splits: dia0_utt1",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "MELD.Raw/train/train_splits/dia0_utt1.mp4", "dia0_utt2.mp4"),
            "1 clips of train in train_splits are not listed: dia0_utt2",
        ),
        "twice": Fault(
            lambda root: append(
                root / "MELD.Raw/test_sent_emo.csv",
                (root / "MELD.Raw/test_sent_emo.csv").read_text(encoding="utf-8").splitlines()[1] + "\n",
            ),
            "1 clips of test are listed more than once: dia0_utt0",
        ),
    },
    "mmsa": {
        "a part is missing": Fault(
            lambda root: shutil.rmtree(root / "Raw/video_0060"), "CH-SIMS, videos: 2 found, 60 published"
        ),
        "another encoding": Fault(
            lambda root: change(root / "label.csv", "video_id", "video_id", "gb18030"),
            f"label.csv, line 2: byte 85{ENCODING}",
        ),
        "other columns": Fault(
            lambda root: with_column(root / "label.csv", "rater"), "label.csv: 1 columns are not used: rater"
        ),
        "listed and absent": Fault(
            lambda root: (root / "Raw/video_0001/0001.mp4").unlink(),
            "1 clips are listed and not in Raw: video_0001/0001",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "Raw/video_0001/0001.mp4", "0007.mp4"),
            "1 clips in Raw are not listed: video_0001/0007",
        ),
        "twice": Fault(
            lambda root: append(
                root / "label.csv", (root / "label.csv").read_text(encoding="utf-8").splitlines()[-1] + "\n"
            ),
            "1 clips are listed more than once: video_0060/0010",
        ),
    },
    "sspnet-conflict": {
        "a part is missing": Fault(
            lambda root: shutil.rmtree(root / "manualdiarization"),
            "there are neither folders train, val and test nor manualdiarization, so that no clip is in a split",
        ),
        "another encoding": Fault(
            lambda root: (
                with_column(root / "conflictlevel.csv", "Débat")
                or change(root / "conflictlevel.csv", "Name", "Name", "cp1252")
            ),
            f"conflictlevel.csv, line 1: byte 12{ENCODING}",
        ),
        "other columns": Fault(
            lambda root: with_column(root / "conflictlevel.csv", "Raters"),
            "conflictlevel.csv: 1 columns are not used: Raters",
            "note",
        ),
        "listed and absent": Fault(
            lambda root: (root / "audiodata/06-11-08_1290_1320.wav").unlink(),
            "1 clips are listed and not in audiodata: 06-11-08_1290_1320",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "audiodata/06-11-08_1290_1320.wav", "06-11-08_0_30.wav"),
            "1 clips in audiodata are not listed: 06-11-08_0_30",
        ),
        "twice": Fault(
            lambda root: append(root / "conflictlevel.csv", "08-03-12_0_30,1.0\r\n"),
            "1 clips are listed more than once: 08-03-12_0_30",
        ),
    },
    "cmu-mosi": {
        "a part is missing": Fault(
            lambda root: (root / "CMU_MOSI_Opinion_Labels.csd").unlink(),
            "has no CMU_MOSI_Opinion_Labels.csd",
            "refused",
        ),
        "another encoding": Fault(
            lambda root: append(root / MOSI_LINES, "2_DELIM_CAFÉ\n".encode("cp1252")),
            f"c5xsKMxpXnc.annotprocessed, line 2: byte 33{ENCODING}",
        ),
        "other columns": Fault(
            lambda root: with_more_labels(root / "CMU_MOSI_Opinion_Labels.csd", "Opinion Segment Labels"),
            "expected (n, 1) and (n, 2)",
            "refused",
        ),
        "listed and absent": Fault(
            lambda root: (root / "Raw/Video/Segmented/03bSnISJMiM_1.mp4").unlink(),
            "1 clips are listed and not in Segmented: 03bSnISJMiM_1",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "Raw/Video/Segmented/03bSnISJMiM_1.mp4", "03bSnISJMiM_9.mp4"),
            "1 clips in Segmented are not listed: 03bSnISJMiM_9",
        ),
        "twice": Fault(
            lambda root: append(root / MOSI_LINES, "1_DELIM_AGAIN\n"),
            "1 utterances have two lines in the transcripts, the first of which counts: c5xsKMxpXnc_1",
        ),
    },
    "cmu-mosei": {
        "a part is missing": Fault(
            lambda root: (root / "cmu_mosei_std_folds.py").unlink(),
            "there is no cmu_mosei_std_folds.py, so that no utterance is in a split",
        ),
        "another encoding": Fault(
            lambda root: append(root / MOSEI_LINES, "81406___5___4.0___5.0___café\n".encode("cp1252")),
            f"81406.txt, line 2: byte 64{ENCODING}",
        ),
        "other columns": Fault(
            lambda root: with_more_labels(root / "CMU_MOSEI_Labels.csd", "All Labels"),
            "expected (n, 7) and (n, 2)",
            "refused",
        ),
        "listed and absent": Fault(
            lambda root: (root / "Raw/Videos/Segmented/Combined/81406_2.mp4").unlink(),
            "1 clips are listed and not in Combined: 81406_2",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "Raw/Videos/Segmented/Combined/81406_2.mp4", "81406_9.mp4"),
            "1 clips in Combined are not listed: 81406_9",
        ),
        "twice": Fault(
            lambda root: append(root / MOSEI_LINES, (root / MOSEI_LINES).read_bytes()),
            "1 sentences have two lines in the transcripts, the first of which counts: 81406_2",
        ),
    },
    "sewa": {
        "a part is missing": Fault(
            lambda root: (root / SEWA_LABELS).unlink(), "2 recordings have no valence: SEW1101, SEW1102"
        ),
        "another encoding": Fault(
            lambda root: append(root / SEWA_LABELS, "SEW1102_9.00,é\n".encode("cp1252")),
            f"1 files of ratings are not UTF-8, and are read as cp1252: {SEWA_LABELS}, line 601",
        ),
        "other columns": Fault(
            lambda root: with_column(root / SEWA_LABELS, "9"),
            "has 3 columns; expected a key and a value; others are not used",
        ),
        "listed and absent": Fault(
            lambda root: (root / "Original/audio/SEW1101.wav").unlink(),
            "1 recordings are listed and not in audio: SEW1101",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "Original/audio/SEW1101.wav", "SEW9999.wav"),
            "1 recordings in audio are not listed: SEW9999",
        ),
        "twice": Fault(
            lambda root: append(root / SEWA_LABELS, "SEW1102_2.99,0.5\n"),
            "do not come after the one before, and of one time the first counts: SEW1102_2.99",
        ),
    },
    "recola": {
        "a part is missing": Fault(
            lambda root: [file.unlink() for file in root.rglob("dev_9.*")], "RECOLA, dev: 0 found, 9 published"
        ),
        "another encoding": Fault(
            lambda root: change(root / GOLD, "@relation 'ratings_gold_standard'", "@relation 'é'", "cp1252"),
            f"1 files of ratings are not UTF-8, and are read as cp1252: {GOLD}, line 1",
        ),
        "other columns": Fault(
            lambda root: with_arff_column(root / GOLD),
            f"1 files of ratings have columns that are not used: {GOLD}: Extra",
        ),
        "listed and absent": Fault(
            lambda root: (root / GOLD).unlink(), "1 recordings have no gold standard of valence: train_1"
        ),
        "there and not listed": Fault(
            lambda root: copy(root / GOLD, "../../recordings_audio/P16.wav"),
            "1 media files are not called like a recording, and are not read: recordings_audio/P16.wav",
        ),
        "twice": Fault(
            lambda root: copy(root / GOLD, "train_1.csv"),
            "1 files are of the same name as another, which counts: ratings_gold_standard/valence/train_1.csv",
        ),
    },
    "rated": {
        "a part is missing": Fault(lambda root: (root / RATED).unlink(), "1 recordings have no valence: P17"),
        "another encoding": Fault(
            lambda root: change(root / RATED, "FM1 ", "FMé", "cp1252"),
            f"1 files of ratings are not UTF-8, and are read as cp1252: {RATED}, line 1",
        ),
        "other columns": Fault(
            lambda root: with_column(root / RATED, "Mean"),
            "1 tables of valence have other columns than most (FM1, FM2, FM3, FF1, FF2, FF3): P17",
        ),
        "listed and absent": Fault(
            lambda root: (root / "RECOLA-Audio-recordings/P17.wav").unlink(),
            "1 recordings have ratings and no media, and are left out: P17",
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "RECOLA-Audio-recordings/P17.wav", "P99.wav"),
            "1 media have no ratings, and are left out: P99",
        ),
        "twice": Fault(
            lambda root: copy(root / "RECOLA-Audio-recordings/P17.wav", "P17.flac"),
            "1 media are of the same name as another, which counts: RECOLA-Audio-recordings/P17.wav",
        ),
    },
    "afew-va": {
        "a part is missing": Fault(
            lambda root: shutil.rmtree(root / "12"), "599 clips are missing: 001, 002, 004, 005, 006, ..."
        ),
        "another encoding": Fault(
            lambda root: change(root / "12/600/600.json", '"video_id"', '"é": 1, "video_id"', "cp1252"),
            "600.json: not JSON with the ratings of frames (UnicodeDecodeError",
        ),
        "other columns": Fault(
            lambda root: change(root / "12/600/600.json", '"valence"', '"dominance": 1, "valence"'),
            "1 clips say more of frames, which is not read: 600 (dominance)",
        ),
        "listed and absent": Fault(
            lambda root: (root / "01/003/00004.png").unlink(), "1 clips have rated frames without a picture: 003"
        ),
        "there and not listed": Fault(
            lambda root: copy(root / "12/600", "601"), "1 clips are none of the published ones: 601"
        ),
        "twice": Fault(
            lambda root: copy(root / "01/003", "../12/003"),
            "1 clips have several folders, the first of which counts: 003",
        ),
    },
    "manifest": {
        "a part is missing": Fault(
            lambda root: change(root / "manifest.csv", "media", "path"), "has no column 'media'", "refused"
        ),
        "another encoding": Fault(
            lambda root: change(root / "manifest.csv", "media", "mediä", "cp1252"), "not a CSV file in UTF-8", "refused"
        ),
        "other columns": Fault(lambda root: with_column(root / "manifest.csv", "rater"), "rater", "label"),
        "listed and absent": Fault(lambda root: (root / "a.wav").unlink(), "1 files are listed and not there: a.wav"),
        "there and not listed": Fault(
            lambda root: copy(root / "a.wav", "c.wav"), "1 media files are in no row: c.wav", "note"
        ),
        "twice": Fault(
            lambda root: change(root / "manifest.csv", "media\na.wav\nb.wav", "media,segment\na.wav,x\nb.wav,x"),
            "line 3: the segment id 'x' is that of line 2; ids must be unique",
            "refused",
        ),
    },
    "kaldi": {
        "a part is missing": Fault(
            lambda root: change(root / "segments", "a1 a 0 0.1\n", ""), "1 recordings have no segment: a"
        ),
        "another encoding": Fault(
            lambda root: change(root / "text", "yes", "né", "cp1252"), "text: byte 4 is not UTF-8", "refused"
        ),
        "other columns": Fault(
            lambda root: change(root / "segments", "a 0 0.1", "a 0 0.1 1"), "1 segments name a channel", "note"
        ),
        "listed and absent": Fault(lambda root: (root / "a.wav").unlink(), "1 files are listed and not there: a.wav"),
        "there and not listed": Fault(
            lambda root: append(root / "utt2spk", "q eve\n"), "1 lines of utt2spk belong to no segment: q"
        ),
        "twice": Fault(
            lambda root: append(root / "utt2spk", "a1 eve\n"), "utt2spk, line 3: 'a1' has a line further up", "refused"
        ),
    },
}
