"""Media and the ratings of each over time, in folders that are called like what is rated: RECOLA, AVEC and the like.

References
----------
F. Ringeval et al., "Introducing the RECOLA multimodal corpus of remote collaborative and affective interactions",
FG 2013, whose own release lies like this
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import CorpusError
from ..media import AUDIO_SUFFIXES
from . import recola
from .annotation_rows import header_of
from .annotations import Annotation, is_place, read_annotation
from .clips import media_below
from .findings import Findings
from .model import Corpus, Layout, Recording, Segment

_DIMENSIONS = ("arousal", "valence", "activation", "dominance", "power", "expectancy", "expectation", "liking")
_TELLING = ("arousal", "valence")
"""Of which there must be one for a folder to be recognised."""
_SUFFIXES = (".arff", ".csv")
_DEPTH = 3
"""Folders down to one that is called like a dimension."""
_GOLD = "goldstandard"
_SPLITS = {"train": "train", "dev": "valid", "devel": "valid", "test": "test"}

_Tables = dict[str, dict[str, Path]]
"""By the name of the annotation, and by the recording."""


def recognises(path: Path) -> bool:
    """Whether a folder ``arousal`` or ``valence`` has ARFF or CSV files; AVEC's RECOLA has a layout of its own."""
    return any(folder.name.lower() in _TELLING for folder in _folders(path)) and not recola.recognises(path)


def read(path: Path) -> Corpus:
    """Read what has ratings: ``.../arousal/P16.csv`` or ``.arff``, and the media ``P16`` wherever they are.

    A recording is one segment; where its name begins with ``train_``, ``dev_``, ``devel_`` or ``test_`` that is its
    split. Annotations are called as the folder, and as the one it is in, too, where several have a folder of that name.
    Of a file's columns that of the dimension counts, or else ``GoldStandard``, or else all numbers are raters.
    Folders ``features...`` are not read.

    Raises
    ------
    CorpusError
        If nothing has both media and ratings.
    """
    findings = Findings()
    tables = _tables(path, findings)
    listed = list(dict.fromkeys(id for files in tables.values() for id in files))
    media = _media(path, listed, findings)
    for name, files in tables.items():
        findings.named(f"recordings have no {name}", (id for id in media if id not in files))
    annotations = _annotations(path, tables, media, findings)
    kept = [id for id in listed if annotations.get(id)]
    if not kept:
        raise CorpusError(
            f"{path}: no file has media and ratings; expected ratings as arousal/NAME.csv and media as NAME.wav"
        )
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(
            Recording(id=id, media=media[id][0], sound=media[id][1], annotations=tuple(annotations[id])) for id in kept
        ),
        segments=tuple(Segment(id=id, recording=id, split=_SPLITS.get(id.split("_")[0].lower(), "")) for id in kept),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _folders(path: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Yield the folders of dimensions that hold tables, in order."""
    for folder in sorted(path.glob("*/")):
        if folder.name.startswith((".", "features")):
            continue
        if folder.name.lower() in _DIMENSIONS and any(file.suffix.lower() in _SUFFIXES for file in folder.iterdir()):
            yield folder
        elif depth > 1:
            yield from _folders(folder, depth - 1)


def _tables(path: Path, findings: Findings) -> _Tables:
    """Return the tables by annotation and recording."""
    folders = list(_folders(path))
    alike = Counter(folder.name.lower() for folder in folders)
    tables: _Tables = {}
    twice = []
    for folder in folders:
        dimension = folder.name.lower()
        name = dimension if alike[dimension] == 1 else f"{dimension}_{folder.parent.name}"
        files = [one for one in sorted(folder.glob("[!.]*")) if one.suffix.lower() in _SUFFIXES]
        for file in files:
            if tables.setdefault(name, {}).setdefault(file.stem, file) != file:
                twice.append(file.relative_to(path).as_posix())
    findings.named("tables are of the same name as another, which counts", twice)
    return tables


def _media(path: Path, listed: Iterable[str], findings: Findings) -> dict[str, tuple[Path, Path | None]]:
    """Return the file of every recording's clock, and that of its sound where both are there."""
    found: dict[str, list[Path]] = {}
    for place, files in media_below(path).items():
        found.setdefault(place.rpartition("/")[2], []).extend(files)
    findings.named("recordings have ratings and no media, and are left out", (id for id in listed if id not in found))
    findings.named("media have no ratings, and are left out", (id for id in found if id not in listed))
    media: dict[str, tuple[Path, Path | None]] = {}
    several = []
    for id in (id for id in listed if id in found):
        sounds = [file for file in found[id] if file.suffix.lower() in AUDIO_SUFFIXES]
        films = [file for file in found[id] if file not in sounds]
        several += [file.relative_to(path).as_posix() for file in [*films[1:], *sounds[1:]]]
        media[id] = (films[0], sounds[0] if sounds else None) if films else (sounds[0], None)
    findings.named("media are of the same name as another, which counts", several)
    return media


def _annotations(path: Path, tables: _Tables, known: Iterable[str], findings: Findings) -> dict[str, list[Annotation]]:
    """Return the annotations of every recording that can be read."""
    annotations: dict[str, list[Annotation]] = {id: [] for id in known}
    for name, files in tables.items():
        columns: dict[str, tuple[str, ...]] = {}
        for id, file in files.items():
            if id not in annotations:
                continue
            try:
                header = header_of(file)
                wanted = [one for one in header if one.lower().replace(" ", "") in (_GOLD, file.parent.name.lower())]
                rated = read_annotation(Annotation(name=name, path=file, columns=tuple(wanted[:1]))).raters
            except CorpusError as error:
                findings.problem(f"{error}; {id} has no {name}")
                continue
            annotations[id].append(Annotation(name=name, path=file, columns=rated))
            columns[id] = tuple(one for one in header if not is_place(one))
        usual, _ = max(Counter(columns.values()).items(), key=lambda item: item[1], default=((), 0))
        odd = (id for id, found in columns.items() if found != usual)
        findings.named(f"tables of {name} have other columns than most ({', '.join(usual)})", odd)
    return annotations


LAYOUT = Layout(
    name="rated",
    summary="media, and ratings of each as CSV or ARFF in folders called arousal, valence, ...: original RECOLA, AVEC",
    recognises=recognises,
    read=read,
)
