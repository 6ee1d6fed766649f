"""CMU-MOSEI (Zadeh et al. 2018): sentences of some 3,200 videos with sentiment and six emotions."""

import math
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

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
from .csd import CsdLabels
from .findings import Findings
from .model import Corpus, Layout
from .sdk_folds import installed_folds, read_folds
from .tables import read_text

_PREFIX = "CMU_MOSEI_"
_TRANSCRIPTS = Path("Transcript", "Segmented", "Combined")
_DELIMITER = "___"
_LABELS = ("sentiment", "happy", "sad", "anger", "surprise", "disgust", "fear")
_FOLDS = Path("CMU_MOSEI", "cmu_mosei_std_folds.py")
_PUBLISHED = {"train": (2249, None), "valid": (300, None), "test": (676, None)}
_UNLABELLED = frozenset(("7l3BNtSE0xc", "dZFV0lyedX4"))
"""In the list of test, and without a label in the release: https://github.com/A2Zadeh/CMU-MultimodalSDK/issues/89."""
_TOLERANCE_SECONDS = 0.01
"""Between the times of a label and those of its sentence, which are printed with other digits."""


@dataclass(frozen=True, kw_only=True)
class _Sentence:
    """A line of a transcript."""

    number: int
    start_seconds: float
    end_seconds: float
    text: str


def recognises(path: Path) -> bool:
    """Whether the folder holds transcripts or sequences of CMU-MOSEI."""
    return holds_corpus(path, _TRANSCRIPTS, "*.txt", _PREFIX)


def read(path: Path) -> Corpus:
    """Read the folder in which ``Raw`` and the sequences lie, or either of them alone with the labels.

    A label belongs to the sentence of the same times, and has its number: ``<video>_<number>``, as its clip. One
    without a sentence is called as the SDK does, ``<video>[<row>]``. Sentences overlap; those without label are left
    out. Splits are in the SDK's ``cmu_mosei_std_folds.py``, in the folder or in an installed ``mmsdk``.

    Raises
    ------
    CorpusError
        If there are no labels, or a file is not as it should be; names file and line.
    """
    findings = Findings()
    sequences = find_sequences(path, _PREFIX, "CMU_MOSEI_Labels.csd", findings)
    raw = raw_folder(path)
    sentences = _sentences(raw / _TRANSCRIPTS, findings)
    labels = label_rows(sequences.labels, _LABELS, findings)
    utterances = _utterances(labels, sentences, findings)
    spoken = {f"{video}_{one.number}" for video, lines in sentences.items() for one in lines}
    if not sentences:
        findings.note(f"there are no transcripts in {_TRANSCRIPTS}: utterances have no text, and the SDK's names")
    found = CmuCorpus(
        root=path,
        layout=LAYOUT.name,
        sequences=sequences,
        utterances=utterances,
        folds=_folds(path, findings),
        published=_PUBLISHED,
        full=(raw / "Videos" / "Full" / "Combined", raw / "Audio" / "Full" / "WAV_16000"),
        clips=(raw / "Videos" / "Segmented" / "Combined",),
        unlabelled=_UNLABELLED,
        spare=frozenset(sentences.keys() | spoken),  # the release has clips of sentences that nobody labelled
    )
    return build_corpus(found, findings)


def _utterances(
    labels: dict[str, CsdLabels], sentences: dict[str, list[_Sentence]], findings: Findings
) -> list[Utterance]:
    utterances: dict[str, Utterance] = {}
    unknown, twice, used = [], [], 0
    for video, rows in labels.items():
        spoken = sentences.get(video, [])
        for row in np.lexsort(rows.times.T[::-1]).tolist():  # the file has them in any order
            start, end = rows.times[row].tolist()
            if not start < end < float("inf"):
                continue
            sentence = _sentence_at(spoken, start, end)
            id = f"{video}[{row}]" if sentence is None else f"{video}_{sentence.number}"
            if sentence is None and sentences:
                unknown.append(id)
            used += sentence is not None
            if id in utterances:
                twice.append(id)
                continue
            utterances[id] = Utterance(
                video=video,
                id=id,
                start_seconds=start,
                end_seconds=end,
                text=None if sentence is None else sentence.text,
                labels=label_values(_LABELS, rows.values[row]),
            )
    findings.named("labels have no sentence in the transcripts", unknown)
    findings.named("sentences have two labels, the first of which counts", twice)
    if left := sum(map(len, sentences.values())) - used + len(twice):
        findings.note(f"{left:,} sentences of the transcripts have no label, and are left out")
    return list(utterances.values())


def _sentence_at(sentences: list[_Sentence], start: float, end: float) -> _Sentence | None:
    """Return the sentence with these times; of several the nearest."""

    def distance(sentence: _Sentence) -> float:
        return max(abs(sentence.start_seconds - start), abs(sentence.end_seconds - end))

    nearest = min(sentences, key=distance, default=None)
    return nearest if nearest is not None and distance(nearest) <= _TOLERANCE_SECONDS else None


def _sentences(folder: Path, findings: Findings) -> dict[str, list[_Sentence]]:
    """Return the lines ``<video>___<number>___<start>___<end>___<text>`` of every video."""
    sentences: dict[str, list[_Sentence]] = {}
    twice = []
    for file in sorted(folder.glob("[!.]*.txt")):
        found: dict[int, _Sentence] = {}
        for number, line in enumerate(StringIO(read_text(file, findings), newline=None), 1):
            if line.strip():
                sentence = _sentence(file, number, line)
                if sentence.number in found:
                    twice.append(f"{file.stem}_{sentence.number}")
                found.setdefault(sentence.number, sentence)
        sentences[file.stem] = list(found.values())
    findings.named("sentences have two lines in the transcripts, the first of which counts", twice)
    return sentences


def _sentence(file: Path, number: int, line: str) -> _Sentence:
    # Ids hold `__`, and texts `____`: only what is between the id, which the file is called by, and the text is parted.
    head = f"{file.stem}{_DELIMITER}"
    try:
        if not line.startswith(head):
            raise ValueError(line)
        count, start, end, text = line.removeprefix(head).split(_DELIMITER, 3)
        sentence = _Sentence(
            number=int(count), start_seconds=float(start), end_seconds=float(end), text=" ".join(text.split())
        )
        if not (math.isfinite(sentence.start_seconds) and math.isfinite(sentence.end_seconds)):
            raise ValueError(line)
    except ValueError:
        shown = " ".join(line.split())[:60]
        raise CorpusError(
            f"{file}, line {number}: '{shown}'; expected {head}NUMBER{_DELIMITER}START{_DELIMITER}END{_DELIMITER}"
            "TEXT with seconds"
        ) from None
    return sentence


def _folds(path: Path, findings: Findings) -> dict[str, frozenset[str]]:
    beside = (path / _FOLDS.name, *sorted(path.glob(f"*/{_FOLDS.name}")), path / _FOLDS)
    file = next((file for file in beside if file.is_file()), None) or installed_folds(_FOLDS.as_posix())
    if file is None:
        findings.problem(
            f"there is no {_FOLDS.name}, so that no utterance is in a split; copy it into the folder from the CMU "
            "Multimodal SDK (mmsdk/mmdatasdk/dataset/standard_datasets/CMU_MOSEI), or install the SDK"
        )
        return {}
    findings.note(f"splits are those of {file}")
    return read_folds(file, findings)


LAYOUT = Layout(
    name="cmu-mosei",
    summary="CMU-MOSEI: Raw/Transcript/Segmented/Combined/*.txt, videos or clips, and CMU_MOSEI_*.csd",
    recognises=recognises,
    read=read,
)
