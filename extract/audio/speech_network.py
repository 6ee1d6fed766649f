"""Loading the network of a speech model."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import WeightsError, one_line

_UNUSED = ("masked_spec_embed", "decoder.")
"""Weights that only training, or writing text, needs."""


def load_network(folder: Path) -> Any:
    """Return the network in float32, on the CPU; heads that are not the model's own are left out.

    Raises
    ------
    WeightsError
        If transformers cannot load it, or weights are missing or of other sizes than the configuration says.
    """
    import torch
    from transformers import AutoModel

    try:
        with _quietly():
            # Local files only and no remote code: weights are data.
            network, report = AutoModel.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, dtype=torch.float32, output_loading_info=True
            )
    except Exception as error:  # transformers and safetensors raise errors of their own
        mismatch = "ignore_mismatched_sizes" in str(error)
        reason = "its weights have other sizes than its configuration says" if mismatch else one_line(error)
        raise WeightsError(f"{folder}: not a model that transformers can load ({reason})") from None
    # transformers would draw what is missing at random.
    missing = sorted(name for name in report["missing_keys"] if not name.startswith(_UNUSED))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise WeightsError(f"{folder}: lacks the weights '{missing[0]}'{more}; expected all of the encoder's")
    return network.eval()


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep transformers from printing progress, which is shown by whoever runs us, and tables of the weights."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
