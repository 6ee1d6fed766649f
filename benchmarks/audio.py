"""Features of sound against the libraries' bare calls: run python benchmarks/audio.py.

First spectral features in processor time of one thread, then what functionals.py and speech.py beside it measure. With
python benchmarks/audio.py MINUTES ... (Linux) it measures the memory that sounds of these lengths take.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import functionals
import librosa
import numpy as np
import speech

from trimodal.extract.audio import AudioExtractor
from trimodal.extract.audio.chroma import ChromaCqt
from trimodal.extract.audio.f0 import F0
from trimodal.extract.audio.mel import LogMel, MelSpectrogram
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.extract.audio.rms import Rms
from trimodal.extract.audio.spectral import Spectral
from trimodal.extract.audio.zero_crossing_rate import ZeroCrossingRate
from trimodal.extract.threads import one_thread
from trimodal.media import Audio

RATE = 16_000
SECONDS = 300
RUNS = 7
FRAMES = {"n_fft": 512, "win_length": 400, "hop_length": 160}


def speed() -> None:
    """Compare the seconds with those of the calls that make the same rows of the whole sound."""
    sound = voice(SECONDS)
    audio = Audio(samples=sound, rate=RATE, start_seconds=0.0)
    mel = {"y": sound, "sr": RATE, "n_mels": 64, **FRAMES}
    short = Audio(samples=sound[: 20 * RATE], rate=RATE, start_seconds=0.0)
    f0 = {"sr": RATE, "fmin": 65, "fmax": 500, "frame_length": 1024, "hop_length": 160}
    print(f"{SECONDS} s of sound, best of {RUNS} runs{'librosa':>14}{'ours':>8}  s{'ratio':>8}")
    compare("mfcc", Mfcc(deltas=0, centred=True), audio, lambda: librosa.feature.mfcc(n_mfcc=40, **mel))
    compare("mfcc with deltas", Mfcc(centred=True), audio, lambda: _with_deltas(librosa.feature.mfcc(n_mfcc=40, **mel)))
    bands = lambda: librosa.feature.melspectrogram(**mel)  # noqa: E731
    compare("mel_spectrogram", MelSpectrogram(centred=True), audio, bands)
    compare("log_mel", LogMel(centred=True), audio, lambda: librosa.power_to_db(bands()))
    compare("spectral", Spectral(centred=True), audio, lambda: _measures(sound))
    compare("rms", Rms(), audio, lambda: librosa.feature.rms(y=sound, frame_length=400, hop_length=160, center=False))
    compare(
        "zero_crossing_rate",
        ZeroCrossingRate(),
        audio,
        lambda: librosa.feature.zero_crossing_rate(sound, frame_length=400, hop_length=160, center=False),
    )
    compare("chroma_cqt", ChromaCqt(), audio, lambda: librosa.feature.chroma_cqt(y=sound, sr=RATE, hop_length=512))
    compare("f0, yin", F0(method="yin"), audio, lambda: librosa.yin(sound, center=False, **f0))
    compare("f0, pyin, 20 s", F0(), short, lambda: librosa.pyin(short.samples, center=False, **f0))


def memory(minutes: list[int]) -> None:
    """Print by how much anonymous memory grows while each feature of sounds of these lengths is made."""
    features: dict[str, AudioExtractor] = {
        "mfcc": Mfcc(),
        "mfcc without top_db": Mfcc(top_db=None),
        "log_mel": LogMel(),
        "spectral": Spectral(),
        "rms": Rms(),
        "zero_crossing_rate": ZeroCrossingRate(),
        "chroma_cqt": ChromaCqt(),
        "f0, yin": F0(method="yin"),
    }
    warm = Audio(samples=voice(5), rate=RATE, start_seconds=0.0)
    for extractor in features.values():  # imports and compilation are no part of it
        exhaust(extractor, warm)
    print("growth of anonymous memory in MiB" + "".join(f"{count:>8} min" for count in minutes))
    with tempfile.TemporaryDirectory() as scratch:
        sounds = [_mapped(Path(scratch) / str(count), count) for count in minutes]
        for name, extractor in features.items():
            peaks = []
            for samples in sounds:
                with growth() as grown:
                    exhaust(extractor, Audio(samples=samples, rate=RATE, start_seconds=0.0))
                peaks.append(grown[0])
            print(f"{name:33}" + "".join(f"{peak / 2**20:12.0f}" for peak in peaks))


def compare(name: str, extractor: AudioExtractor, audio: Audio, bare: Callable[[], object]) -> None:
    """Print the seconds of a bare call and of ours, in turn, each the best of its runs."""
    pairs = [(timed(bare), timed(lambda: exhaust(extractor, audio))) for _ in range(RUNS)][1:]
    theirs, ours = (min(seconds) for seconds in zip(*pairs, strict=True))
    print(f"{name:34}{theirs:8.3f}{ours:8.3f}   {ours / theirs:7.2f}")


def exhaust(extractor: AudioExtractor, audio: Audio) -> None:
    for _ in extractor.extract(audio):
        pass


def timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def voice(seconds: float) -> np.ndarray:
    """Return a gliding tone that comes and goes, over noise."""
    at = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * 150 * at + 20 * np.sin(2 * np.pi * 0.7 * at)) * (np.sin(2 * np.pi * 0.4 * at) > 0)
    return (0.3 * tone + 0.01 * np.random.default_rng(0).normal(size=len(at))).astype(np.float32)


@contextmanager
def growth() -> Iterator[list[int]]:
    """Measure by how many bytes anonymous memory peaks above where it starts."""
    peak, done, start = [0], threading.Event(), _anonymous_bytes()

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], _anonymous_bytes() - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield peak
    done.set()
    watcher.join()


def _anonymous_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def _mapped(path: Path, minutes: int) -> np.ndarray:
    """Write a sound minute by minute and map it."""
    minute = voice(60).tobytes()
    with path.open("wb") as file:
        for _ in range(minutes):
            file.write(minute)
    return np.asarray(np.memmap(path, np.float32, "r"))


def _with_deltas(coefficients: np.ndarray) -> np.ndarray:
    return np.concatenate(
        [coefficients] + [librosa.feature.delta(coefficients, order=order, mode="nearest") for order in (1, 2)]
    )


def _measures(sound: np.ndarray) -> np.ndarray:
    magnitudes = np.abs(librosa.stft(sound, **FRAMES))
    names = ("centroid", "bandwidth", "contrast", "rolloff")
    measured = [getattr(librosa.feature, f"spectral_{name}")(S=magnitudes, sr=RATE) for name in names]
    return np.concatenate([*measured, librosa.feature.spectral_flatness(S=magnitudes)])


if __name__ == "__main__":
    with one_thread(()):
        if len(sys.argv) > 1:
            memory([int(minutes) for minutes in sys.argv[1:]])
        else:
            speed()
            functionals.main(None)
            speech.main()
