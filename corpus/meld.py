"""MELD (Poria et al. 2019): utterances of dialogues of the series Friends, each a clip, with emotion and sentiment.

References
----------
S. Poria et al., "MELD: A Multimodal Multi-Party Dataset for Emotion Recognition in Conversations", ACL 2019;
https://github.com/declare-lab/MELD
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CorpusError
from .clips import match_clips, media_below
from .findings import Findings, counted
from .model import Corpus, Layout, Recording, Segment
from .tables import TableRow, read_table

_COLUMNS = ("Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID")
_OPTIONAL = ("Sr No.", "Season", "Episode", "StartTime", "EndTime")
_CLASSES = {
    "Emotion": ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"),
    "Sentiment": ("negative", "neutral", "positive"),
}
_NUMBER = re.compile(r"[0-9]{1,6}")
_SECOND_CUT = "final_videos_test"
"""What the names of over a hundred more test clips begin with; nearly all are also there without it."""
_CONTROLS = {code: character for code in range(0x80, 0xA0) if (character := bytes([code]).decode("cp1252", "ignore"))}
"""Windows-1252's quotes and dashes, which are control characters once they are read as Latin-1."""


@dataclass(frozen=True, kw_only=True)
class _Split:
    """A part of the corpus, and what is known to be wrong with it."""

    name: str
    """As in the names of its table and folder."""
    split: str
    """What it is called here, as in every corpus."""
    folder: str
    """The folder of its clips."""
    published: int
    """Rows of its table."""
    broken: str = ""
    """A clip that cannot be decoded."""
    missing: str = ""
    """A clip that the published archive does not have."""
    miscut: tuple[str, ...] = ()
    """Clips that are far longer than their utterance."""


_SPLITS = (
    _Split(
        name="train",
        split="train",
        folder="train_splits",
        published=9_989,
        broken="dia125_utt3",
        miscut=("dia309_utt0",),
    ),
    _Split(name="dev", split="valid", folder="dev_splits_complete", published=1_109, missing="dia110_utt7"),
    _Split(
        name="test",
        split="test",
        folder="output_repeated_splits_test",
        published=2_610,
        miscut=("dia38_utt4", "dia220_utt0"),
    ),
)


def recognises(path: Path) -> bool:
    """Whether one of MELD's tables is in the folder."""
    try:
        return any(_table(_root(path), split) is not None for split in _SPLITS)
    except OSError:
        return False


def read(path: Path) -> Corpus:
    """Read the folder ``MELD.Raw``, or the one it is in; every clip is a recording and a segment, ``dev/dia0_utt3``.

    The tables' times are those in the episode, of which there is no recording: an utterance is its clip from beginning
    to end. Labels are ``emotion``, ``sentiment``, ``dialogue``, ``season`` and ``episode`` (text), and ``utterance``,
    its number in the dialogue. Dialogues are counted from 0 in every split, so the split is part of their names.

    Raises
    ------
    CorpusError
        If a table lacks a column, a number of a dialogue or an utterance is none, or no utterance has a clip; names
        file and line.
    """
    findings = Findings()
    root, listed = _root(path), 0
    recordings: list[Recording] = []
    segments: list[Segment] = []
    for split in _SPLITS:
        rows = _rows(root, split, findings)
        listed += len(rows)
        clips = _clips(root, split, [name for name, _ in rows], findings)
        utterances: dict[str, Segment] = {}
        for name, row in rows:
            if name in clips:
                utterances.setdefault(name, _segment(split, name, row))
        recordings += [Recording(id=one.id, media=clips[name]) for name, one in utterances.items()]
        segments += utterances.values()
    if not segments:
        raise CorpusError(
            f"{path}: none of {listed:,} utterances of *_sent_emo.csv has a clip; "
            f"expected clips in {', '.join(f'{split.name}/{split.folder}' for split in _SPLITS)}"
        )
    findings.note("StartTime and EndTime are times in the episode and not used: an utterance is its clip")
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(recordings),
        segments=tuple(segments),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _root(path: Path) -> Path:
    return path / "MELD.Raw" if (path / "MELD.Raw").is_dir() else path


def _table(root: Path, split: _Split) -> Path | None:
    """Return the table of a split: in the root, or in its folder, where the published archive puts that of train."""
    name = f"{split.name}_sent_emo.csv"
    return next((file for file in (root / name, root / split.name / name) if file.is_file()), None)


def _folder(root: Path, split: _Split) -> Path | None:
    """Return the folder of a split's clips; archives are unpacked in a folder of their own, or in the root."""
    candidates = (root / split.name / split.folder, root / split.folder, root / split.name)
    return next((folder for folder in candidates if folder.is_dir()), None)


def _rows(root: Path, split: _Split, findings: Findings) -> list[tuple[str, TableRow]]:
    """Return the rows of a split's table, each behind the name of its clip."""
    file = _table(root, split)
    if file is None:
        findings.problem(f"there is no {split.name}_sent_emo.csv, and so nothing of {split.name} is read")
        return []
    rows = read_table(file, _COLUMNS, findings, optional=_OPTIONAL)
    findings.count(f"utterances of {split.name}", len(rows), split.published)
    if odd := sum(any(_repaired(cell) != cell for cell in row.cells.values()) for row in rows):
        findings.note(f"{file.name}: control characters of {odd:,} rows are read as the quotes and dashes they were")
    named = [(f"dia{_number(row, 'Dialogue_ID')}_utt{_number(row, 'Utterance_ID')}", row) for row in rows]
    for column, classes in _CLASSES.items():
        others = (f"{name} ('{row[column][:20]}')" for name, row in named if row[column] not in classes)
        findings.named(f"utterances of {split.name} have none of the published values of {column}", others)
    return named


def _number(row: TableRow, column: str) -> int:
    if not _NUMBER.fullmatch(row[column]):
        raise CorpusError(f"{row.place}: '{column}' is '{row[column][:40]}'; expected a whole number")
    return int(row[column])


def _clips(root: Path, split: _Split, names: Sequence[str], findings: Findings) -> Mapping[str, Path]:
    """Return the clip of every utterance that has one, by the utterance's name."""
    if not names:
        return {}
    folder = _folder(root, split)
    if folder is None:
        findings.problem(f"there is no folder {split.name}/{split.folder}, and so nothing of {split.name} is read")
        return {}
    files = media_below(folder)
    left_out = {split.broken, split.missing} - ({split.missing} & files.keys())
    more = [name for name in files if name.startswith(_SECOND_CUT)]
    # Sources disagree on which of the two is the better one. Published work reads the one without prefix.
    wanted = [
        _SECOND_CUT + name if name not in files and _SECOND_CUT + name in files else name
        for name in names
        if name not in left_out
    ]
    clips = match_clips(wanted, folder, findings, f"clips of {split.name}", unlisted={*more, split.broken})
    clips = {name.removeprefix(_SECOND_CUT): file for name, file in clips.items()}
    _note_known(split, names, clips, [name for name in more if name not in wanted], findings)
    return clips


def _note_known(
    split: _Split, names: Sequence[str], clips: Mapping[str, Path], more: Sequence[str], findings: Findings
) -> None:
    """Note what is wrong with the corpus as it was published."""
    if split.broken in names:
        findings.note(f"{split.name}/{split.broken} cannot be decoded as published, and is left out")
    if split.missing in names and split.missing not in clips:
        findings.note(f"{split.name}/{split.missing} is listed and was not published")
    # They stay, as published results are on all of test: text and labels are right, most of sound and pictures is not.
    if miscut := [f"{split.name}/{name}" for name in split.miscut if name in clips]:
        findings.note(counted("clips are far longer than their utterances, and stay", miscut))
    if more:
        findings.note(counted(f"clips of {split.name} are second cuts, and are not used", more))


def _segment(split: _Split, name: str, row: TableRow) -> Segment:
    season, episode = row.cells.get("Season", ""), row.cells.get("Episode", "")
    labels = {
        "emotion": row["Emotion"],
        "sentiment": row["Sentiment"],
        "dialogue": f"{split.name}/dia{_number(row, 'Dialogue_ID')}",
        "season": season,
        "episode": f"{season}x{episode}" if season and episode else "",
    }
    return Segment(
        id=f"{split.name}/{name}",
        recording=f"{split.name}/{name}",
        split=split.split,
        speaker=_repaired(row["Speaker"]),
        text=_repaired(row["Utterance"]) or None,
        labels={label: value for label, value in labels.items() if value}
        | {"utterance": float(_number(row, "Utterance_ID"))},
    )


def _repaired(text: str) -> str:
    return text.translate(_CONTROLS)


LAYOUT = Layout(
    name="meld",
    summary="MELD: train_sent_emo.csv, dev_sent_emo.csv, test_sent_emo.csv and their clips dia0_utt0.mp4",
    recognises=recognises,
    read=read,
)
