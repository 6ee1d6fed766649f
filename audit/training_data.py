"""Which corpora published models have seen: a model that was trained on the test data knows them.

A model is known by what the recipe calls it (a hub name, a file's name). The list holds what is documented, and is far
from complete: that a model is not in it says nothing.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import UsageError, did_you_mean

CORPORA: Mapping[str, str] = {
    "AFEW-VA": r"afew[-_ ]?va",
    "AffectNet": r"affect[-_ ]?net",
    "CH-SIMS": r"(ch[-_ ]?)?sims",
    "CMU-MOSEI": r"(cmu[-_ ]?)?mosei",
    "CMU-MOSI": r"(cmu[-_ ]?)?mosi",
    "CREMA-D": r"crema[-_ ]?d",
    "IEMOCAP": r"iemocap",
    "MELD": r"meld",
    "MSP-Podcast": r"msp[-_ ]?(podcast|dim)",
    "RAVDESS": r"ravdess",
    "RECOLA": r"recola",
    "SAVEE": r"savee",
    "SEMAINE": r"semaine",
    "SEWA": r"sewa",
}
"""Corpora, and how names of stores, recipes and models write them. ``msp-dim`` is what the models of dimensional
emotion call MSP-Podcast."""

TRAINED_ON: Mapping[str, tuple[str, ...]] = {
    # README of an EfficientNet-B1 of 256 numbers for faces, whose authors evaluate it on SEWA and AFEW-VA.
    r"radiant[-_]fog": ("AFEW-VA", "AffectNet", "RECOLA", "SAVEE", "SEMAINE", "SEWA"),
    # The task ER of SUPERB (Yang et al. 2021) is IEMOCAP's four classes.
    r"superb/.*-er": ("IEMOCAP",),
}
"""Models whose names do not say what they were trained on; only the corpora above."""


_NO_MODELS = ("clean",)
"""Parameters that name no model: a step of cleaning is called like the corpus whose marks it knows."""


def named_corpora(text: str) -> set[str]:
    """Return the corpora that a name speaks of."""
    return {corpus for corpus, pattern in CORPORA.items() if _holds(pattern, text)}


def known_corpus(name: str) -> str:
    """Return the corpus of a name.

    Raises
    ------
    UsageError
        If it is none of those that models are known to be trained on.
    """
    found = next((corpus for corpus in CORPORA if corpus.casefold() == name.casefold()), None)
    if found is None:
        raise UsageError(f"no model is known to be trained on a corpus '{name}'; {did_you_mean(name, CORPORA)}")
    return found


def trained_on(made_by: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the corpora that the models of an extractor have seen, by the name that its parameters give the model."""
    found = {}
    parameters = made_by.get("parameters")
    given = parameters.items() if isinstance(parameters, Mapping) else ()
    for text in _texts([value for name, value in given if name not in _NO_MODELS]):
        known = {corpus for pattern, corpora in TRAINED_ON.items() if _holds(pattern, text) for corpus in corpora}
        if corpora := known | named_corpora(text):
            found[text] = corpora
    return found


def _holds(pattern: str, text: str) -> bool:
    return re.search(rf"(?<![a-z0-9])({pattern})(?![a-z])", text.casefold()) is not None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
