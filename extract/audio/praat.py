"""Pitch, intensity, harmonicity and formants as Praat computes them (praat-parselmouth).

Praat and parselmouth are under the GPL, version 3, and are not installed by default: pip install 'trimodal[praat]'.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Audio
from ...track import Field, Schema, Track, empty_track
from ..base import CPU, AudioExtractor, Execution
from .framing import blocks_of, check_range, nothing_heard, whole_samples

Measure = Literal["pitch", "intensity", "harmonicity", "formants"]

_SILENCE = {"pitch": 0.03, "harmonicity": 0.1}
"""Praat's threshold for silence, as a part of the loudest sample of the whole sound."""
_UNDEFINED_DB = -199.0
"""Praat gives -200 dB where there is no period and -300 dB where there is no sound."""
_FORMANT_WINDOW_SECONDS = 0.025
_ROWS_A_BLOCK = 3000
_CONTEXT_ROWS = 300
_SCAN_SAMPLES = 2**20


@dataclass(frozen=True, kw_only=True)
class Praat(AudioExtractor):
    """One of Praat's measures, by Praat's standard settings where they are not fields. GPL, version 3.

    Row k saw ``[k * hop, k * hop + window)``, which is its interval: Praat's frames, the first of which starts with the
    sound. The window is of 3 periods of ``pitch_floor`` for pitch (autocorrelation), 6.4 for intensity, 2 for
    harmonicity (cross-correlation), and 50 ms for formants (Burg). No row reaches past the end. A window in which the
    measure is not defined has no row: pitch and harmonicity of what is unvoiced, intensity of silence, formants where
    one of them is not found.

    Praat looks for five formants below half the sample rate: it advises 11,000 Hz for women and 10,000 Hz for men. (It
    would resample other sound itself, by a filter over all of it.)

    Pitch follows the likeliest path through the whole sound. It is sought in blocks of 3000 rows with 300 more on
    either side, of which little is left after the first; what is silent is measured by the loudest sample of the whole
    sound, as in Praat. At most six minutes of sound are held.

    References
    ----------
    P. Boersma, D. Weenink, Praat: doing phonetics by computer, https://www.praat.org
    Y. Jadoul, B. Thompson, B. de Boer, Introducing Parselmouth: A Python interface to Praat, Journal of Phonetics 71,
    2018

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "praat"
    packages: ClassVar[tuple[str, ...]] = ("parselmouth",)

    measure: Measure = "pitch"
    """``pitch`` in Hz, ``intensity`` in dB, ``harmonicity`` (of harmonics to noise) in dB, or ``formants`` in Hz."""
    hop_seconds: float = 0.010
    """Time between the starts of two windows, from 0.001 to 0.1, rounded to samples."""
    pitch_floor: float = 75.0
    """The lowest pitch in Hz, which sets the windows of all measures but formants."""
    pitch_ceiling: float = 600.0
    """The highest pitch in Hz."""
    formants: int = 3
    """How many formants, from 1 to 5."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("pitch_floor", self.pitch_floor, 10.0, 2000.0)
        check_range("pitch_ceiling", self.pitch_ceiling, self.pitch_floor, self.sample_rate / 2)
        check_range("formants", self.formants, 1, 5)
        if self.measure == "formants" and not 8_000 <= self.sample_rate <= 14_000:
            raise ParameterError(
                f"formants are sought below half the sample_rate: expected 11000 (women) or 10000 (men) and not more "
                f"than 14000 or less than 8000, found {self.sample_rate}"
            )
        if self.measure not in ("pitch", "intensity", "harmonicity", "formants"):
            raise ParameterError(f"measure must be pitch, intensity, harmonicity or formants, found '{self.measure}'")
        check_range("hop_seconds", self.hop_seconds, 0.001, 0.1)
        _ = self._hop

    @property
    def extra(self) -> str:
        """The extra that installs Praat, apart from the others because of its licence."""
        return "praat"

    @property
    def expected_rate(self) -> float:
        """One row every hop."""
        return 1 / self.hop_seconds

    @property
    def schema(self) -> Schema:
        """``values``: the measure; of formants the frequencies and then the bandwidths."""
        columns: tuple[str, ...] = (self.measure,)
        if self.measure == "formants":
            numbers = range(1, self.formants + 1)
            columns = (*(f"formant{number}" for number in numbers), *(f"bandwidth{number}" for number in numbers))
        unit = "dB" if self.measure in ("intensity", "harmonicity") else "Hz"
        return {"values": Field(shape=(len(columns),), columns=columns, unit=unit)}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Compute the rows, a block at a time; sound shorter than a window gives no row and a gap."""
        count = max(0, (len(audio.samples) - self._window) // self._hop + 1)
        if not count:
            yield empty_track(self.schema, [nothing_heard(audio, f"one window of {self._window / audio.rate:.3f} s")])
            return
        loudest = _loudest(audio.samples) if self.measure in _SILENCE else 0.0
        for rows in blocks_of(count, _ROWS_A_BLOCK):
            seen = range(max(0, rows.start - _CONTEXT_ROWS), min(count, rows.stop + _CONTEXT_ROWS))
            samples = audio.samples[seen.start * self._hop : (seen.stop - 1) * self._hop + self._window]
            values = self._values(np.asarray(samples, np.float64), len(seen), loudest)
            values = values[rows.start - seen.start :][: len(rows)]
            starts = audio.start_seconds + np.arange(rows.start, rows.stop) * self._hop / audio.rate
            times = np.stack([starts, starts + self._window / audio.rate], axis=1)
            defined = np.isfinite(values).all(axis=1)
            fields = {"values": values[defined].astype(np.float32)}
            yield Track(schema=self.schema, times=times[defined], fields=fields)

    @property
    def _hop(self) -> int:
        return whole_samples("hop_seconds", self.hop_seconds, self.sample_rate, fewest=1)

    @property
    def _window(self) -> int:
        """Samples of a window, one to three more than Praat takes, so that rounding does not decide on its frames.

        Praat's intensity is around the sample nearest to the middle of a frame, the others between two samples.
        """
        periods = {"pitch": 3.0, "intensity": 6.4, "harmonicity": 2.0}.get(self.measure)
        seconds = 2 * _FORMANT_WINDOW_SECONDS if periods is None else periods / self.pitch_floor
        samples = math.ceil(seconds * self.sample_rate) + 1
        return samples + (samples % 2 == (self.measure != "intensity"))

    def _values(self, samples: NDArray[np.float64], rows: int, loudest: float) -> NDArray[np.float64]:
        """Return the measure of ``rows`` windows, shape (rows, columns); NaN where it is not defined."""
        import parselmouth

        sound = parselmouth.Sound(samples, self.sample_rate)
        step = self._hop / self.sample_rate
        if self.measure == "formants":
            return self._formants(sound, rows, step)
        if self.measure == "intensity":
            levels = sound.to_intensity(minimum_pitch=self.pitch_floor, time_step=step, subtract_mean=True).values[0]
            return _checked(np.where(levels > _UNDEFINED_DB, levels, np.nan), rows)
        if not (peak := float(np.abs(samples - samples.mean()).max())):
            return np.full((rows, 1), np.nan)
        # Only the ratio of a frame's level to the threshold counts in Praat, where the level is relative to the sound.
        silence = _SILENCE[self.measure] * loudest / peak
        if self.measure == "harmonicity":
            ratio = sound.to_harmonicity_cc(
                time_step=step, minimum_pitch=self.pitch_floor, silence_threshold=silence, periods_per_window=1.0
            ).values[0]
            return _checked(np.where(ratio > _UNDEFINED_DB, ratio, np.nan), rows)
        pitch = sound.to_pitch_ac(
            time_step=step, pitch_floor=self.pitch_floor, pitch_ceiling=self.pitch_ceiling, silence_threshold=silence
        ).selected_array["frequency"]
        return _checked(np.where(pitch > 0, pitch, np.nan), rows)

    def _formants(self, sound: Any, rows: int, step: float) -> NDArray[np.float64]:
        found = sound.to_formant_burg(
            time_step=step,
            max_number_of_formants=5.0,
            maximum_formant=self.sample_rate / 2,
            window_length=_FORMANT_WINDOW_SECONDS,
            pre_emphasis_from=50.0,
        )
        numbers = range(1, self.formants + 1)
        columns = [[found.get_value_at_time(number, at) for at in found.xs()] for number in numbers]
        columns += [[found.get_bandwidth_at_time(number, at) for at in found.xs()] for number in numbers]
        return _checked(np.array(columns).T, rows)


def _checked(values: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    if len(values) != rows:
        raise RuntimeError(f"Praat gives {len(values)} frames where {rows} were expected")
    return values.reshape(rows, -1)


def _loudest(samples: NDArray[np.float32]) -> float:
    """Return the largest distance of a sample from the mean of all."""
    blocks = [samples[at : at + _SCAN_SAMPLES] for at in range(0, len(samples), _SCAN_SAMPLES)]
    mean = sum(float(block.sum(dtype=np.float64)) for block in blocks) / len(samples)
    return max(float(np.abs(block.astype(np.float64) - mean).max()) for block in blocks)
