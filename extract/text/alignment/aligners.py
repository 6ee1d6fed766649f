"""Which aligner finds words, by name."""

from pathlib import Path
from typing import Literal

from ...weights import model_files, model_folder
from .ctc_aligner import CtcAligner
from .pocketsphinx_aligner import PocketsphinxAligner, acoustic_model
from .timed_words import Aligner, NoAligner

AlignerName = Literal["pocketsphinx", "ctc", "none"]


def make_aligner(name: AlignerName, ctc_model: str, device: str) -> Aligner:
    """Return an aligner of a recording's own: decoders remember the words that they were taught."""
    if name == "none":
        return NoAligner()
    return PocketsphinxAligner() if name == "pocketsphinx" else CtcAligner(ctc_model, device)


def aligner_packages(name: AlignerName) -> tuple[str, ...]:
    """Return the modules that an aligner imports."""
    if name == "none":
        return ()
    return ("pocketsphinx", "inflect") if name == "pocketsphinx" else ("transformers", "torch")


def aligner_weights(name: AlignerName, ctc_model: str) -> dict[str, Path]:
    """Return the files of an aligner's model by name."""
    if name == "none":
        return {}
    return acoustic_model() if name == "pocketsphinx" else model_files(model_folder(ctc_model))
