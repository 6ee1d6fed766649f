"""What aligners call their tiers, and what these say."""

import re
from collections.abc import Mapping, Sequence

from .from_words import between_pauses
from .marks import TIERS, is_word
from .model import Utterance, Word

_WORDS = frozenset(("word", "words", "ort-mau"))
"""Montreal, Penn (P2FA) and Munich (WebMAUS, ``ORT-MAU``)."""
_OF_SPEAKER = re.compile(r"(?P<speaker>.+) - words?", re.IGNORECASE)
"""Montreal, where several speak: ``ann - words``."""


def speaker_of_words(tier: str) -> str | None:
    """Return the speaker of a tier that holds words, empty where its name says none; None of any other tier.

    Examples
    --------
    >>> speaker_of_words("Words"), speaker_of_words("ann - words"), speaker_of_words("phones")
    ('', 'ann', None)
    """
    name = tier.strip()
    if name.lower() in _WORDS:
        return ""
    found = _OF_SPEAKER.fullmatch(name)
    return None if found is None else found["speaker"]


def tier_utterances(tiers: Mapping[str, Sequence[tuple[float, float, str]]]) -> list[Utterance]:
    """Return what the tiers of an alignment say.

    Parameters
    ----------
    tiers
        For every tier its intervals: start, end (seconds) and label.

    Returns
    -------
    list of Utterance
        The stretches between the pauses of every tier that holds words; without one, the intervals of the first tier.
    """
    said = {
        name: [(start, end, " ".join(label.split())) for start, end, label in entries if is_word(label, TIERS)]
        for name, entries in tiers.items()
    }
    speakers = {name: speaker for name in said if (speaker := speaker_of_words(name)) is not None}
    if not speakers:
        return [
            Utterance(text=text, start_seconds=start, end_seconds=end)
            for start, end, text in next(iter(said.values()), [])
        ]
    return [
        utterance
        for name, speaker in speakers.items()
        for utterance in between_pauses(
            [Word(text=text, start_seconds=start, end_seconds=end) for start, end, text in said[name]], speaker
        )
    ]
