"""What openSMILE is asked to compute: a feature set, or a user's configuration, at one of its levels."""

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import ParameterError, WeightsError, did_you_mean

_GEMAPS = ("GeMAPSv01a", "GeMAPSv01b", "eGeMAPSv01a", "eGeMAPSv01b", "eGeMAPSv02")
FEATURE_SETS = (*_GEMAPS, "ComParE_2016", "emobase", "IS09", "IS10", "IS11", "IS12", "IS13")
"""The sets that ship with opensmile-python."""
CONFIG_SUFFIX = ".conf"
_LEVELS = {"low_level_descriptors": "lld", "low_level_descriptors_deltas": "lld_de", "functionals": "func"}
_LARGEST_CONFIG_BYTES = 2**20
_LAST_LINE = 200
_INCLUDE = re.compile(r"^\\\{(?:\\cm\[[^{\]]*\{(?P<default>[^}]*)\}[^\]]*\]|(?P<path>[^\\}]+))\}", re.MULTILINE)
"""``\\{path}``, or ``\\{\\cm[option{default path}:help]}``."""


@dataclass(frozen=True, kw_only=True)
class SmileSetup:
    """A feature set at a level, for one sample rate."""

    feature_set: str
    """One of `FEATURE_SETS`, or the path of a configuration that ends with ``.conf``."""
    level: str
    """A key of the levels that all sets have; of a configuration also the name of any of its data memory levels."""
    sample_rate: int

    @property
    def is_config(self) -> bool:
        """Whether it is a user's configuration."""
        return self.feature_set.endswith(CONFIG_SUFFIX)

    def check(self, levels: tuple[str, ...]) -> None:
        """Check the parameters.

        Parameters
        ----------
        levels
            The levels of feature sets that are wanted here.

        Raises
        ------
        ParameterError
            If there is no such set, or it has no such level.
        """
        if self.is_config:
            if not self.level:
                raise ParameterError("level is empty; expected the name of one of the configuration's levels")
            return
        if self.feature_set not in FEATURE_SETS:
            hint = did_you_mean(self.feature_set, FEATURE_SETS)
            raise ParameterError(
                f"openSMILE has no feature set '{self.feature_set}'; {hint} (or the path of a file *{CONFIG_SUFFIX})"
            )
        if self.level not in levels:
            raise ParameterError(f"feature sets have no level '{self.level}' here; {did_you_mean(self.level, levels)}")
        if self.feature_set in _GEMAPS and self.level == "low_level_descriptors_deltas":
            raise ParameterError(f"the feature set {self.feature_set} has no deltas; use low_level_descriptors")

    def files(self) -> dict[str, Path]:
        """Return a user's configuration and what it includes, by name; none for a set, which comes with its package.

        Raises
        ------
        WeightsError
            If the configuration is missing or is too large to be one.
        """
        if not self.is_config:
            return {}
        found: dict[str, Path] = {}
        waiting = [self.config_path()]
        while waiting:
            path = waiting.pop()
            if path in found.values():
                continue
            found[f"config {len(found)}"] = path
            if path.stat().st_size > _LARGEST_CONFIG_BYTES:
                raise WeightsError(f"{path}: {path.stat().st_size} bytes; expected an openSMILE configuration")
            text = path.read_text(encoding="latin-1")
            included = [path.parent / (match["path"] or match["default"]) for match in _INCLUDE.finditer(text)]
            waiting += [one.resolve() for one in included if one.is_file()]  # openSMILE itself says what is missing
        return found

    def config_path(self) -> Path:
        """Return the configuration file.

        Raises
        ------
        WeightsError
            If it is missing, or its path has letters that openSMILE cannot take.
        """
        if not self.is_config:
            import opensmile

            return config_root() / f"{opensmile.FeatureSet[self.feature_set].value}{CONFIG_SUFFIX}"
        path = Path(self.feature_set).expanduser().resolve()
        if not path.is_file():
            raise WeightsError(f"{path}: no such file; expected an openSMILE configuration")
        if not str(path).isascii():
            raise WeightsError(f"{path}: openSMILE reads only paths of ASCII letters; put the configuration elsewhere")
        return path

    def options(self) -> dict[str, object]:
        """Return the options of openSMILE's command line that say which level is read."""
        shared = config_root() / "shared"
        return {
            "sink": shared / "standard_external_data_output_single.conf.inc",
            "sinkLevel": _LEVELS.get(self.level, self.level),
            "bufferModeRbConf": shared / "BufferModeRb.conf.inc",
            "frameModeFunctionalsConf": shared / "FrameModeFunctionals.conf.inc",
        }


def config_root() -> Path:
    """Return the folder of the configurations that ship with opensmile-python."""
    import opensmile

    return Path(opensmile.__file__).parent / "core" / "config"


def last_line(log: Path) -> str:
    """Return the last error of openSMILE's log, or its last line."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("(ERR)") and "unknown option" not in line]
    return (errors or lines or ["none"])[-1][:_LAST_LINE]
