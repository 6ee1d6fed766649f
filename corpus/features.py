"""Features that somebody else made of a recording."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FeatureFile:
    """A file that holds features of a recording."""

    name: str
    """What recipes call it."""
    path: Path
    entry: str
    """What a file of many recordings calls this one."""
