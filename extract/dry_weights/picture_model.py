"""Stand-ins for networks of pictures: the networks themselves, with random weights."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from .drawing import same_draws
from .files import made_once

if TYPE_CHECKING:
    from torch.nn import Module


def dry_state(
    name: str, parts: object, network: "Callable[[], Module]", folder: Path, left_out: Collection[str] = ()
) -> Path:
    """Return a state dict with random weights.

    Parameters
    ----------
    name
        What its name begins with.
    parts
        JSON-able values that decide which network it is.
    network
        Makes the network, which draws its weights.
    folder
        Where stand-ins lie.
    left_out
        Names of weights that are not needed.
    """

    def write(made: Path) -> None:
        import torch
        from safetensors.torch import save_file

        with same_draws(), torch.no_grad():
            state = network().state_dict()
        # Half precision halves the files; the counters of batch normalisation stay what they are.
        kept = {name: value for name, value in state.items() if name not in left_out}
        save_file({name: value.half() if value.is_floating_point() else value for name, value in kept.items()}, made)

    return made_once(folder, f"{name.replace('.', '_')}.safetensors", parts, write)
