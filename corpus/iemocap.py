"""IEMOCAP as it is released (Busso et al., 2008): dialogues of two actors, or the sentences cut out of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import CorpusError
from .clips import match_clips
from .findings import Findings
from .iemocap_turns import Turn, read_turns
from .iemocap_words import Alignment, find_alignments, read_transcriptions
from .model import Corpus, Layout, Recording, Segment

SESSIONS = tuple(f"Session{number}" for number in range(1, 6))
PUBLISHED = {
    "ang": 1103,
    "exc": 1041,
    "hap": 595,
    "sad": 1084,
    "neu": 1708,
    "fru": 1849,
    "sur": 107,
    "fea": 40,
    "dis": 2,
    "oth": 3,
    "xxx": 2507,
}
"""Turns of each emotion: 10,039 in all."""

_EVALUATION = Path("dialog", "EmoEvaluation")
_VIDEO = Path("dialog", "avi", "DivX")
_SOUND = Path("dialog", "wav")
_SENTENCES = Path("sentences", "wav")


def recognises(path: Path) -> bool:
    """Whether the path has a session with labels and with dialogues, seen or heard."""
    return _has(path, _EVALUATION) and (_has(path, _VIDEO) or _has(path, _SOUND))


def recognises_sentences(path: Path) -> bool:
    """Whether the path has a session with labels and with the sound of its sentences."""
    return _has(path, _EVALUATION) and _has(path, _SENTENCES)


def read(path: Path) -> Corpus:
    """Read dialogues; every turn that was rated is a segment.

    A dialogue's pictures come from ``dialog/avi/DivX`` and its sound from ``dialog/wav``, whatever the avi plays; what
    there is only one of gives all there is.

    Raises
    ------
    CorpusError
        If there is no turn, nothing to see or hear of one, or a label file has a line that is none; names it.
    """
    findings = Findings()
    turns = _turns(path, findings)
    videos = _matched(path, _VIDEO, {turn.dialogue: turn.session for turn in turns}, "videos", findings)
    sounds = _matched(path, _SOUND, {turn.dialogue: turn.session for turn in turns}, "sounds", findings)
    recordings = [
        Recording(id=name, media=videos.get(name, sounds.get(name)), sound=sounds.get(name) if name in videos else None)
        for name in dict.fromkeys(turn.dialogue for turn in turns)
        if name in videos or name in sounds
    ]
    known = {recording.id for recording in recordings}
    without = dict.fromkeys(turn.dialogue for turn in turns if turn.dialogue not in known)
    findings.named("dialogues have neither video nor sound and are left out", without)
    if any(recording.sound for recording in recordings):
        findings.note("sound comes from dialog/wav and not from the videos")
    placed = {turn.id: (turn.dialogue, turn.start_seconds, turn.end_seconds) for turn in turns}
    return _corpus(path, LAYOUT, recordings, turns, placed, findings)


def read_sentences(path: Path) -> Corpus:
    """Read sentences: every file of ``sentences/wav`` whose turn was rated is a recording and a segment.

    Raises
    ------
    CorpusError
        If there is no turn, no sound of one, or a label file has a line that is none; names it.
    """
    findings = Findings()
    turns = _turns(path, findings)
    listed = {f"{turn.dialogue}/{turn.id}": turn.session for turn in turns}
    files = _matched(path, _SENTENCES, listed, "sentences", findings)
    recordings = [Recording(id=name.rpartition("/")[2], media=file) for name, file in files.items()]
    placed = {turn.id: (turn.id, 0.0, None) for turn in turns}
    return _corpus(path, SENTENCES, recordings, turns, placed, findings)


def _has(path: Path, below: Path) -> bool:
    return any((path / session / below).is_dir() for session in SESSIONS)


def _turns(path: Path, findings: Findings) -> list[Turn]:
    """Return the turns of all sessions, each once, after a report on their numbers."""
    findings.named("sessions are not there", (name for name in SESSIONS if not (path / name).is_dir()))
    more = sorted(one.name for one in path.glob("Session*") if one.is_dir() and one.name not in SESSIONS)
    findings.named("folders are called like sessions, are none and are not read", more)
    unrated = (name for name in SESSIONS if (path / name).is_dir() and not (path / name / _EVALUATION).is_dir())
    findings.named(f"sessions have no {_EVALUATION.as_posix()} and are left out", unrated)
    read = [turn for session in SESSIONS for turn in read_turns(path / session / _EVALUATION, session, findings)]
    turns = list({turn.id: turn for turn in reversed(read)}.values())[::-1]
    if not turns:
        raise CorpusError(f"{path}: no turn is rated; expected Session1/dialog/EmoEvaluation/*.txt")
    twice = (id for id, count in Counter(turn.id for turn in read).items() if count > 1)
    findings.named("turns are rated more than once, the first of which counts", twice)
    findings.count("turns", len(turns), sum(PUBLISHED.values()))
    found = Counter(turn.emotion for turn in turns)
    differing = [
        f"{emotion} {found[emotion]:,} ({PUBLISHED.get(emotion, 0):,} published)"
        for emotion in (*PUBLISHED, *sorted(set(found) - set(PUBLISHED)))
        if found[emotion] != PUBLISHED.get(emotion, 0)
    ]
    if differing:
        findings.problem(f"turns by emotion: {', '.join(differing)}")
    else:
        findings.note("turns by emotion: as published")
    return turns


def _matched(path: Path, below: Path, session_of: Mapping[str, str], what: str, findings: Findings) -> dict[str, Path]:
    """Return the media files of listed names, which lie in a folder of their session; reports folders that lack."""
    found: dict[str, Path] = {}
    for session in dict.fromkeys(session_of.values()):
        if (path / session / below).is_dir():
            names = [name for name, its_session in session_of.items() if its_session == session]
            found |= match_clips(names, path / session / below, findings, f"{what} of {session}")
    lacking = [name for name in dict.fromkeys(session_of.values()) if not (path / name / below).is_dir()]
    findings.named(f"sessions have no {below.as_posix()}", lacking)
    return found


def _corpus(
    path: Path,
    layout: Layout,
    recordings: Sequence[Recording],
    turns: Sequence[Turn],
    placed: Mapping[str, tuple[str, float, float | None]],
    findings: Findings,
) -> Corpus:
    """Return the corpus of recordings and of the turns in them, by where each lies."""
    if not recordings:
        raise CorpusError(f"{path}: has {len(turns):,} turns and no sound or video of them; {findings.problems[-1]}")
    texts = read_transcriptions([path / session / "dialog" / "transcriptions" for session in SESSIONS], turns, findings)
    alignments = find_alignments(path, turns, findings)
    known = {recording.id for recording in recordings}
    return Corpus(
        root=path,
        layout=layout.name,
        recordings=tuple(recordings),
        segments=tuple(
            Segment(
                id=turn.id,
                recording=placed[turn.id][0],
                start_seconds=placed[turn.id][1],
                end_seconds=placed[turn.id][2],
                split=turn.session,
                speaker=turn.speaker,
                text=texts.get(turn.id),
                transcript=alignments[turn.id].path,
                labels=_labels(turn, alignments[turn.id]),
            )
            for turn in turns
            if placed[turn.id][0] in known
        ),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _labels(turn: Turn, alignment: Alignment) -> dict[str, float | str]:
    return {
        "emotion": turn.emotion,
        "valence": turn.valence,
        "activation": turn.activation,
        "dominance": turn.dominance,
        "annotators": float(turn.annotators),
        "agreement": float(turn.agreement),
        "session": turn.session,
        "dialogue": turn.dialogue,
        "method": turn.method,
        "side": turn.side,
        "spoken": alignment.spoken,
    }


LAYOUT = Layout(
    name="iemocap",
    summary="IEMOCAP, dialogues: Session1/dialog/avi/DivX and wav, and so on, with EmoEvaluation and transcriptions",
    recognises=recognises,
    read=read,
)
SENTENCES = Layout(
    name="iemocap-sentences",
    summary="IEMOCAP, sentences: Session1/sentences/wav and so on, with what was said in each",
    recognises=recognises_sentences,
    read=read_sentences,
)
