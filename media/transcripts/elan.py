"""ELAN annotation files (.eaf), as their schema and "EAF Annotation Format" (The Language Archive) describe them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np

from ...errors import TranscriptError
from .from_words import between_pauses
from .marks import TIERS, is_word
from .model import Utterance, Word
from .text_file import read_bytes
from .tiers import speaker_of_words
from .values import interval, number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_TEXT_TIERS = ("utterance", "utterances", "transcription", "transcript", "orthography", "text", "tx", "speech")
"""Usual names of tiers that hold what is said. The first that a file has counts."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """When the annotation ``id``, and those that refer to it, are said, on the recording's clock."""

    id: str
    start_seconds: float
    end_seconds: float
    is_given: bool
    """Whether the file gives both times; otherwise they lie evenly between those around them."""


def read_eaf(path: Path, recording: str) -> list[Utterance]:
    """Read what the tiers of an ELAN file say.

    Tiers called ``words`` or ``word`` (name or type, before an ``@``) give words with times, a stretch between pauses
    being an utterance. Without one, every annotation is an utterance: of the tiers with a usual name or type
    (``utterance``, ``transcription``, ``text``, ``tx``, ...), or else of all tiers that depend on no other. The speaker
    is the tier's participant, what follows an ``@`` in its name, or the name where there are several such tiers.

    An annotation without time of its own (``REF_ANNOTATION``) has that of the one it refers to; those that share one
    are one utterance. A time that the file leaves open lies evenly between those around it in its tier; a word that has
    one is left without times. What lies before the recording begins is left out.

    Parameters
    ----------
    path
        The file.
    recording
        Stem of the media file, of which an ELAN file may have several, each with an offset (``TIME_ORIGIN``).

    Raises
    ------
    TranscriptError
        If the file is not of that form, or declares entities, with which a file can attack; names the element.
    """
    document = _parsed(path)
    places = _places(path, document, _origin_seconds(path, document, recording))
    tiers = [tier for tier in document.iterfind("TIER") if tier.find("ANNOTATION") is not None]
    word_tiers = [tier for tier in tiers if any(speaker_of_words(name) is not None for name in _names(tier))]
    chosen = word_tiers or _text_tiers(tiers)
    utterances: list[Utterance] = []
    for tier in chosen:
        speaker = _speaker(tier, is_one_of_several=len(chosen) > 1)
        said = [
            (" ".join(annotation.findtext("ANNOTATION_VALUE", "").split()), place)
            for annotation in tier.iterfind("ANNOTATION/*")
            if (place := places.get(annotation.get("ANNOTATION_ID", ""))) and place.end_seconds > 0
        ]
        if word_tiers and tier.find("ANNOTATION/REF_ANNOTATION") is None:
            utterances += between_pauses([_word(text, place) for text, place in said if is_word(text, TIERS)], speaker)
        else:
            utterances += _texts(said, speaker)
    return utterances


def _parsed(path: Path) -> "Element":
    from defusedxml import DefusedXmlException, ElementTree

    raw = read_bytes(path)
    try:
        document: Element = ElementTree.fromstring(raw, forbid_dtd=True)
    except DefusedXmlException:
        raise TranscriptError(f"{path}: declares a document type; expected an ELAN file, which declares none") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise TranscriptError(f"{path}: not XML ({error}); expected an ELAN file") from None
    header = document.find("HEADER")
    units = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if document.tag != "ANNOTATION_DOCUMENT" or units != "milliseconds":
        raise TranscriptError(f"{path}: is {document.tag} in {units}; expected ANNOTATION_DOCUMENT in milliseconds")
    return document


def _origin_seconds(path: Path, document: "Element", recording: str) -> float:
    """Return the time in the recording at which the clock of the ELAN file is 0."""
    origins: dict[str, set[float]] = {}
    for media in document.iterfind("HEADER/MEDIA_DESCRIPTOR"):
        url = media.get("MEDIA_URL") or media.get("RELATIVE_MEDIA_URL") or ""
        stem = PurePosixPath(unquote(url).replace("\\", "/")).stem
        milliseconds = number(f"{path}: TIME_ORIGIN of '{stem}'", media.get("TIME_ORIGIN", "0"))
        origins.setdefault(stem, set()).add(milliseconds / 1000)
    possible = origins.get(recording) or set().union(*origins.values()) or {0.0}
    if len(possible) > 1:
        raise TranscriptError(f"{path}: its media begin at different times; expected one of them called '{recording}'")
    return possible.pop()


def _text_tiers(tiers: Sequence["Element"]) -> list["Element"]:
    for usual in _TEXT_TIERS:
        found = [tier for tier in tiers if usual in _names(tier)]
        if found:
            return found
    return [tier for tier in tiers if tier.get("PARENT_REF") is None]


def _names(tier: "Element") -> tuple[str, str]:
    """Return the name of a tier up to an ``@``, and that of its type."""
    return tier.get("TIER_ID", "").partition("@")[0].strip().lower(), tier.get("LINGUISTIC_TYPE_REF", "").lower()


def _speaker(tier: "Element", is_one_of_several: bool) -> str:
    name = tier.get("TIER_ID", "")
    return (
        tier.get("PARTICIPANT", "").strip()
        or name.partition("@")[2].strip()
        or speaker_of_words(name)
        or (name.strip() if is_one_of_several else "")
    )


def _word(text: str, place: _Place) -> Word:
    if not place.is_given:
        return Word(text=text)
    return Word(text=text, start_seconds=max(place.start_seconds, 0.0), end_seconds=place.end_seconds)


def _texts(said: Sequence[tuple[str, _Place]], speaker: str) -> list[Utterance]:
    """Return an utterance for every place at which something is said."""
    return [
        Utterance(
            text=" ".join(text for text, _ in group),
            start_seconds=max(place.start_seconds, 0.0),
            end_seconds=place.end_seconds,
            speaker=speaker,
        )
        for place, group in groupby(said, key=lambda pair: pair[1])
    ]


def _places(path: Path, document: "Element", origin_seconds: float) -> dict[str, _Place]:
    """Return the place of every annotation by its id."""
    slots = {slot.get("TIME_SLOT_ID", ""): slot.get("TIME_VALUE") for slot in document.iterfind("TIME_ORDER/TIME_SLOT")}
    places: dict[str, _Place] = {}
    for tier in document.iterfind("TIER"):
        aligned = tier.findall("ANNOTATION/ALIGNABLE_ANNOTATION")
        ends = {a.get("ANNOTATION_ID", ""): (a.get("TIME_SLOT_REF1", ""), a.get("TIME_SLOT_REF2", "")) for a in aligned}
        seconds = _slot_seconds(path, slots, list(dict.fromkeys(slot for pair in ends.values() for slot in pair)))
        for id, (first, last) in ends.items():
            start, end = interval(f"{path}: annotation '{id}'", seconds[first], seconds[last])
            places[id] = _Place(
                id=id,
                start_seconds=start + origin_seconds,
                end_seconds=end + origin_seconds,
                is_given=slots[first] is not None and slots[last] is not None,
            )
    references = {
        annotation.get("ANNOTATION_ID", ""): annotation.get("ANNOTATION_REF", "")
        for annotation in document.iterfind("TIER/ANNOTATION/REF_ANNOTATION")
    }
    for annotation in references:
        trail: list[str] = []
        at = annotation
        while at not in places:
            if at not in references or len(trail) > len(references):
                raise TranscriptError(f"{path}: annotation '{annotation}' refers to none that has a time")
            trail.append(at)
            at = references[at]
        places.update(dict.fromkeys(trail, places[at]))
    return places


def _slot_seconds(path: Path, slots: Mapping[str, str | None], chain: Sequence[str]) -> dict[str, float]:
    """Return the times of the slots of a tier, in its order; those without lie evenly between the ones around them."""
    for slot in chain:
        if slot not in slots:
            raise TranscriptError(f"{path}: '{slot}' is not in the TIME_ORDER; expected a time slot")
    if not chain:
        return {}
    known = [(position, value) for position, slot in enumerate(chain) if (value := slots[slot]) is not None]
    positions = [position for position, _ in known]
    if positions[:1] != [0] or positions[-1] != len(chain) - 1:
        raise TranscriptError(
            f"{path}: time slot '{chain[0]}' or '{chain[-1]}' has no time and no neighbour to take it from"
        )
    given = [number(f"{path}: time slot '{chain[position]}'", value) / 1000 for position, value in known]
    return dict(zip(chain, np.interp(range(len(chain)), positions, given).tolist(), strict=True))
