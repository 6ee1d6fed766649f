"""Times that nobody measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .recipe_text import mapping

_MOST_NAMES = 3


def nominal_rates(provenance: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Find recordings whose frames have their times from a rate that was given, and not from a container."""
    rates: dict[str, list[str]] = {}
    for one in provenance:
        for recording, source in mapping(one.get("sources")).items():
            rate = mapping(source).get("nominal_frames_per_second")
            if rate is not None:
                rates.setdefault(str(rate), []).append(str(recording))
    for rate, recordings in sorted(rates.items()):
        named = ", ".join(recordings[:_MOST_NAMES]) + (", ..." if len(recordings) > _MOST_NAMES else "")
        yield (
            f"frames of {len(recordings)} recordings have times by a nominal rate of {rate} a second, "
            f"and so have windows of them: {named}"
        )
