from dataclasses import dataclass, field, fields
from typing import ClassVar

import pytest

from trimodal.extract import EXTRACTORS
from trimodal.extract.base import SoundExtractor
from trimodal.extract.describe import description, summary
from trimodal.media import Sampling


@dataclass(frozen=True, kw_only=True)
class Loudness(SoundExtractor):
    """How loud it is. Not
    in any recipe.

    More is not known.
    """

    name: ClassVar[str] = "loudness"

    scale: float
    """What to multiply by,
    at last."""
    sampling: Sampling = field(default_factory=Sampling)
    """When to listen."""
    sample_rate: int = 8_000
    """Slower than elsewhere."""


def test_what_is_said_of_an_extractor() -> None:
    assert summary(Loudness) == "How loud it is. Not in any recipe."
    lines = description(Loudness).splitlines()
    assert lines[:6] == ["loudness", "", "How loud it is. Not", "in any recipe.", "", "More is not known."]
    at = lines.index("scale: float")
    assert lines[at - 2 : at] == ["Parameters", "----------"]
    assert lines[at + 1] == "    What to multiply by, at last."
    assert "sampling: trimodal.media.sampling.Sampling = Sampling(every=None, fps=None)" in lines
    at = lines.index("sample_rate: int = 8000")
    assert lines[at + 1] == "    Slower than elsewhere."
    assert "stream: int = 0" in lines


@pytest.mark.parametrize("name", EXTRACTORS)
def test_every_extractor_and_every_parameter_is_explained(name: str) -> None:
    extractor = EXTRACTORS[name]
    assert summary(extractor).endswith((".", ":"))
    lines = description(extractor).splitlines()
    for parameter in fields(extractor):  # type: ignore[arg-type]  # all are dataclasses
        (at,) = [number for number, line in enumerate(lines) if line.startswith(f"{parameter.name}: ")]
        assert lines[at + 1].startswith("    ") and lines[at + 1].strip(), parameter.name
