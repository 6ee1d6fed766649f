"""Which corpora published models have seen: a model that was trained on the test data knows them.

A model is known by what the recipe calls it (a hub name, a file's name). The list holds what is documented, and is far
from complete: that a model is not in it says nothing. `docs/audit.md` prints it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError, did_you_mean

CORPORA: Mapping[str, str] = {
    "AFEW-VA": r"afew[-_ ]?va",
    "AffectNet": r"affect[-_ ]?net",
    # Many things are called sims: alone it must be the whole name.
    "CH-SIMS": r"ch[-_ ]?sims(v2)?|(?<![^\s/])sims(?=$|[\s/.])",
    "CMU-MOSEI": r"(cmu[-_ ]?)?mosei",
    "CMU-MOSI": r"(cmu[-_ ]?)?mosi",
    "CREMA-D": r"crema[-_ ]?d",
    "EMOTIC": r"emotic",
    "ExpW": r"expw",
    "FER2013": r"fer[-_ ]?(2013|plus|\+)",
    "IEMOCAP": r"iemocap",
    "MELD": r"meld",
    "MSP-Podcast": r"msp[-_ ]?(podcast|dim)",
    "RAF-DB": r"raf[-_ ]?db",
    "RAVDESS": r"ravdess",
    "RECOLA": r"recola",
    "SAVEE": r"savee",
    "SEMAINE": r"semaine",
    "SEWA": r"sewa",
}
"""Corpora, and how names of stores, recipes and models write them. ``msp-dim`` is what the models of dimensional
emotion call MSP-Podcast; FER+ are the pictures of FER2013 with other labels."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Models whose names do not say what they were trained on."""

    models: str
    """What they are called, in words."""
    pattern: str
    """By what their names are known."""
    corpora: tuple[str, ...]
    """Only those of `CORPORA`."""
    source: str


TRAINED: tuple[Trained, ...] = (
    Trained(
        models="`radiant_fog_*.pth` (EfficientNet-B1 of 256 numbers, University of Ulm)",
        pattern=r"radiant[-_]fog",
        corpora=("AFEW-VA", "AffectNet", "EMOTIC", "ExpW", "FER2013", "RAF-DB", "RECOLA", "SAVEE", "SEMAINE", "SEWA"),
        source="its README (FER+ among them)",
    ),
    Trained(
        models="`superb/*-er`",
        pattern=r"superb/.*-er",
        corpora=("IEMOCAP",),
        source="Yang et al. 2021, SUPERB: the task ER",
    ),
    Trained(
        models="`emotion2vec`, all sizes",
        pattern=r"emotion2vec\w*",
        corpora=("CMU-MOSEI", "IEMOCAP", "MELD", "MSP-Podcast"),
        source="Ma et al. 2023, emotion2vec: its 262 hours without labels",
    ),
    Trained(
        models="`enet_b0_7`, `enet_b0_8_*`, `enet_b2_7`, `enet_b2_8*`, `mobilenet_7` (HSEmotion, EmotiEffLib)",
        pattern=r"enet_b[02]_[78]|mobilenet_7|hsemotion|emotieffnet",
        corpora=("AffectNet",),
        source="README of av-savchenko/face-emotion-recognition",
    ),
    Trained(
        models="`emonet_5.pth`, `emonet_8.pth`",
        pattern=r"emonet_[58]",
        corpora=("AffectNet",),
        source="Toisoul et al. 2021, and face-analysis/emonet",
    ),
    Trained(
        models="`ehcalabres/wav2vec2-lg-xlsr-en-speech-emotion-recognition`",
        pattern=r"wav2vec2-lg-xlsr-en-speech-emotion-recognition",
        corpora=("RAVDESS",),
        source="its model card",
    ),
    Trained(
        models="`j-hartmann/emotion-english-*`",
        pattern=r"emotion-english-(distil)?roberta-\w+",
        corpora=("MELD",),
        source="its model card: one of six sets of texts",
    ),
)


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
        known = {corpus for one in TRAINED if _holds(one.pattern, text) for corpus in one.corpora}
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
