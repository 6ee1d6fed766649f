"""What the formats write for silence, noise and the edges of a sentence, each its own: elsewhere these are words."""

import re

Marks = re.Pattern[str]
"""Finds a whole label, in lower case, that is no word."""

TIERS: Marks = re.compile(r"|sp|sil|spn|#|<(?:sil|eps|unk|s|/s|p:)>|\{[a-z]+\}")
"""Of aligners that write tiers: Montreal (``sil``, ``spn``, ``<eps>``, ``<unk>``), Penn (``sp``, ``{NS}``), Munich
(``<p:>``, ``#``); and what is empty."""
CTM: Marks = re.compile(r"<(?:sil|eps|unk|s|/s)>")
"""Of recognisers, as Kaldi's ``<eps>``."""
STM: Marks = re.compile(r"@|<(?:sil|eps|unk|s|/s)>|\{[a-z]+\}")
"""``@``: nothing is said; the others are of TED-LIUM: ``<sil>``, ``<unk>``, ``{NOISE}``."""
SPHINX: Marks = re.compile(r"<(?:sil|s|/s)>|\+\+.*\+\+")
"""Silence, the edges of a sentence, and noises (``++LAUGHTER++``)."""
HTK: Marks = re.compile(r"sil|sp|<s>|</s>|!enter|!exit|sent-start|sent-end")
"""Of the HTK Book: silence, short pauses, and the edges of a sentence."""
GRID: Marks = re.compile(r"sil|sp")
"""Silence and short pauses."""
SDK: Marks = re.compile(r"|sp|\{[a-z]+\}")
"""Of the CMU SDK, whose words Penn's aligner timed."""


def is_word(label: str, marks: Marks) -> bool:
    """Whether a label is a word and none of a format's marks, whatever their case.

    Examples
    --------
    >>> is_word("silence", TIERS), is_word("SIL", TIERS), is_word("{NS}", TIERS), is_word("SIL", SPHINX)
    (True, False, False, True)
    """
    return marks.fullmatch(label.strip().lower()) is None
