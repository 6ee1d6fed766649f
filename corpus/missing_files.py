"""Files that a corpus names and that are not there."""

from collections.abc import Iterator
from pathlib import Path

from .model import Corpus


def missing_files(corpus: Corpus) -> list[str]:
    """Return the paths that are named and do not exist, each once and in order; those in the corpus from its folder."""
    return [_below(path, corpus.root) for path in dict.fromkeys(_named(corpus)) if not _exists(path)]


def _named(corpus: Corpus) -> Iterator[Path]:
    for recording in corpus.recordings:
        files = (recording.media, recording.sound, recording.transcript, recording.turns)
        yield from (path for path in files if path is not None)
        yield from (annotation.path for annotation in recording.annotations)
        yield from (feature.path for feature in recording.features)
    yield from (segment.transcript for segment in corpus.segments if segment.transcript is not None)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be looked into
        return False


def _below(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
