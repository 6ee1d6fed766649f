"""CMU-MOSI (Zadeh et al. 2016): 2,199 opinions in 93 videos, raw and as computational sequences."""

from io import StringIO
from pathlib import Path

from ..errors import CorpusError
from .cmu_folder import (
    CmuCorpus,
    Utterance,
    build_corpus,
    find_sequences,
    holds_corpus,
    label_rows,
    label_values,
    raw_folder,
)
from .findings import Findings
from .model import Corpus, Layout
from .mosi_folds import FOLDS
from .tables import read_text

_PREFIX = "CMU_MOSI_"
_TRANSCRIPTS = Path("Transcript", "Segmented")
_TRANSCRIPT_SUFFIX = ".annotprocessed"
_DELIMITER = "_DELIM_"
_LABELS = ("sentiment",)
_PUBLISHED = {"train": (52, 1284), "valid": (10, 229), "test": (31, 686)}


def recognises(path: Path) -> bool:
    """Whether the folder holds transcripts or sequences of CMU-MOSI."""
    return holds_corpus(path, _TRANSCRIPTS, f"*{_TRANSCRIPT_SUFFIX}", _PREFIX)


def read(path: Path) -> Corpus:
    """Read the folder in which ``Raw`` and the sequences lie, or either of them alone with the labels.

    Utterance n of a video, counted from 1 as its clip and its line of the transcript are, is row n - 1 of its labels.

    Raises
    ------
    CorpusError
        If there are no labels, or a file is not as it should be; names file and line.
    """
    findings = Findings()
    sequences = find_sequences(path, _PREFIX, "CMU_MOSI_Opinion_Labels.csd", findings)
    raw = raw_folder(path)
    texts = _texts(raw / _TRANSCRIPTS, findings)
    utterances = []
    for video, rows in label_rows(sequences.labels, _LABELS, findings).items():
        for number, ((start, end), values) in enumerate(zip(rows.times.tolist(), rows.values, strict=True), 1):
            if start < end < float("inf"):
                utterances.append(
                    Utterance(
                        video=video,
                        id=f"{video}_{number}",
                        start_seconds=start,
                        end_seconds=end,
                        text=texts.get(f"{video}_{number}"),
                        labels=label_values(_LABELS, values),
                    )
                )
    if texts:
        known = dict.fromkeys(utterance.id for utterance in utterances)
        findings.named("utterances have no line in the transcripts", (id for id in known if id not in texts))
        findings.named("lines of the transcripts have no label", (id for id in texts if id not in known))
    else:
        findings.note(f"there are no transcripts in {_TRANSCRIPTS}: utterances have no text")
    found = CmuCorpus(
        root=path,
        layout=LAYOUT.name,
        sequences=sequences,
        utterances=utterances,
        folds=FOLDS,
        published=_PUBLISHED,
        full=(raw / "Video" / "Full", raw / "Audio" / "WAV_16000" / "Full"),
        clips=(raw / "Video" / "Segmented", raw / "Audio" / "WAV_16000" / "Segmented"),
    )
    return build_corpus(found, findings)


def _texts(folder: Path, findings: Findings) -> dict[str, str]:
    """Return what is said in every utterance, by its id: lines ``<number>_DELIM_<TEXT>`` of a file for every video."""
    texts: dict[str, str] = {}
    twice = []
    for file in sorted(folder.glob(f"[!.]*{_TRANSCRIPT_SUFFIX}")):
        for number, line in enumerate(StringIO(read_text(file, findings), newline=None), 1):
            if not line.strip():
                continue
            utterance, delimiter, text = line.partition(_DELIMITER)
            if not delimiter or not utterance.strip().isdecimal():
                shown = " ".join(line.split())[:40]
                raise CorpusError(
                    f"{file}, line {number}: '{shown}'; expected the number of an utterance, {_DELIMITER}, its text"
                )
            id = f"{file.stem}_{int(utterance)}"
            if id in texts:
                twice.append(id)
            texts.setdefault(id, " ".join(text.split()))
    findings.named("utterances have two lines in the transcripts, the first of which counts", twice)
    return texts


LAYOUT = Layout(
    name="cmu-mosi",
    summary="CMU-MOSI: Raw/Transcript/Segmented/*.annotprocessed, videos or clips, and CMU_MOSI_*.csd",
    recognises=recognises,
    read=read,
)
