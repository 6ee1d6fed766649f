"""The short-time Fourier transform."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, did_you_mean
from ...media import Audio
from .framing import FramedExtractor, check_range
from .librosa_import import import_librosa

WindowFunction = Literal[
    "barthann", "bartlett", "blackman", "blackmanharris", "bohman", "boxcar", "cosine", "flattop", "hamming", "hann",
    "lanczos", "nuttall", "parzen", "taylor", "triang",
]  # fmt: skip
"""Windows of `scipy.signal.windows` that need no parameter."""

_LONGEST_TRANSFORM = 2**18


@dataclass(frozen=True, kw_only=True)
class StftExtractor(FramedExtractor):
    """Base of those that read the spectrum of every window.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    n_fft: int | None = None
    """Length of the transform in samples, with the window in its middle; None: the next power of two."""
    window: WindowFunction = "hann"
    """Shape of the window, in its periodic form."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window not in (known := get_args(WindowFunction)):
            raise ParameterError(f"no window is called '{self.window}'; {did_you_mean(self.window, known)}")

    def spectrum(self, audio: Audio, rows: range) -> NDArray[np.complex64]:
        """Return the transform of the frames of ``rows``, shape (n_fft // 2 + 1, rows)."""
        librosa = import_librosa()

        framing = self.framing
        transform: NDArray[np.complex64] = librosa.stft(
            self.frames(audio, rows),
            n_fft=framing.n_fft,
            hop_length=framing.hop_samples,
            win_length=framing.window_samples,
            window=self.window,
            center=False,
        )
        return transform

    def _frame_samples(self, window_samples: int) -> int:
        if self.n_fft is None:
            return 1 << (window_samples - 1).bit_length()
        check_range("n_fft", self.n_fft, window_samples, _LONGEST_TRANSFORM)
        return self.n_fft
