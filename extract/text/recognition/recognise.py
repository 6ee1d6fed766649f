"""Words and their times where there is no transcript: speech recognition, by one of several engines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ....errors import ParameterError, did_you_mean, require_packages
from ....media import Audio, Utterance, Word
from ...audio.voice_activity import VoiceActivity
from ..alignment.timed_words import SAMPLE_RATE, TimedWord
from .faster_whisper_recogniser import FasterWhisperRecogniser
from .pocketsphinx_recogniser import PocketsphinxRecogniser
from .transformers_recogniser import TransformersRecogniser

_LONGEST_SECONDS = 30.0
"""Of a stretch of speech; Whisper hears no more at once."""
_PAUSE_SECONDS = 1.0
"""A longer one ends an utterance."""
_MARGIN_SECONDS = 0.3
"""Around speech, so that no consonant is cut off."""


class Recogniser(Protocol):
    """Hears words in a stretch of speech of at most half a minute."""

    def words(self, samples: NDArray[np.float32], start_seconds: float) -> list[TimedWord]:
        """Return the words heard in a sound at 16 kHz that starts at ``start_seconds``, in order."""
        ...


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What recognises speech."""

    make: Callable[[str, str], Recogniser]
    """From a model and a device."""
    files: Callable[[str], Mapping[str, Path]]
    """From a model: its files by name, whose content decides the words."""
    packages: tuple[str, ...]
    """Modules that it imports at first use."""
    extra: str
    """The extra that installs them."""


ENGINES: Mapping[str, Engine] = {
    "pocketsphinx": Engine(
        make=PocketsphinxRecogniser,
        files=PocketsphinxRecogniser.files,
        packages=("pocketsphinx", "silero_vad", "torch"),
        extra="extract",
    ),
    "faster-whisper": Engine(
        make=FasterWhisperRecogniser,
        files=FasterWhisperRecogniser.files,
        packages=("faster_whisper", "silero_vad", "torch"),
        extra="asr",
    ),
    "transformers": Engine(
        make=TransformersRecogniser,
        files=TransformersRecogniser.files,
        packages=("transformers", "silero_vad", "torch"),
        extra="extract",
    ),
}


def recognition_engine(name: str) -> Engine:
    """Return an engine whose packages are installed.

    Raises
    ------
    ParameterError
        If there is no such engine.
    MissingPackageError
        Names the package that is missing and the extra that installs it.
    """
    if name not in ENGINES:
        raise ParameterError(f"no speech recognition is called '{name}'; {did_you_mean(name, ENGINES)}")
    engine = ENGINES[name]
    require_packages(f"speech recognition with {name}", engine.packages, engine.extra)
    return engine


def recognise(audio: Audio, engine: str, model: str, device: str) -> list[Utterance]:
    """Hear what is said.

    Speech is found first (silero-vad): stretches between pauses of a second, cut at their longest pause where they last
    longer than half a minute. Each goes through the engine by itself and is an utterance, so the memory used does not
    grow with the sound.

    Parameters
    ----------
    audio
        At 16 kHz.
    engine
        ``pocketsphinx``, ``faster-whisper`` or ``transformers``.
    model
        What the engine calls a model: a folder or a name; empty for pocketsphinx.
    device
        A torch device.

    Returns
    -------
    list of Utterance
        Those in which words were heard, in order, with the times and confidences of their words. An utterance is from
        its first word to its last.

    Raises
    ------
    ParameterError
        If there is no such engine, or the sound has another rate.
    MissingPackageError
        If the engine is not installed.
    WeightsError
        If the model is missing or does not fit.
    """
    chosen = recognition_engine(engine)
    if audio.rate != SAMPLE_RATE:
        raise ParameterError(f"speech recognition needs {SAMPLE_RATE} samples per second, found {audio.rate}")
    recogniser = chosen.make(model, device)
    utterances = []
    for first, last in speech_stretches(audio):
        start, end = (audio.start_seconds + sample / SAMPLE_RATE for sample in (first, last))
        words = tuple(_within(recogniser.words(audio.samples[first:last], start), start, end))
        if words:
            text = " ".join(word.text for word in words)
            utterances.append(
                Utterance(
                    text=text, start_seconds=words[0].start_seconds, end_seconds=words[-1].end_seconds, words=words
                )
            )
    return utterances


def recognition_files(engine: str, model: str) -> dict[str, Path]:
    """Return the files by name whose content decides what `recognise` hears; raises what it raises."""
    return {**VoiceActivity().weights(), **recognition_engine(engine).files(model)}


def speech_stretches(audio: Audio) -> list[tuple[int, int]]:
    """Return where somebody speaks: first and last (excluded) sample of every stretch, at 16 kHz."""
    from silero_vad import get_speech_timestamps_from_probs

    pieces = VoiceActivity(sample_rate=SAMPLE_RATE).extract(audio)
    stretches = get_speech_timestamps_from_probs(
        [speech for piece in pieces for speech, _ in piece.values.tolist()],
        sampling_rate=SAMPLE_RATE,
        audio_length_samples=len(audio.samples),
        max_speech_duration_s=_LONGEST_SECONDS,
        min_silence_duration_ms=round(1000 * _PAUSE_SECONDS),
        speech_pad_ms=round(1000 * _MARGIN_SECONDS),
    )
    return [(stretch["start"], stretch["end"]) for stretch in stretches]


def _within(words: Sequence[TimedWord], start: float, end: float) -> Iterator[Word]:
    """Yield the words that have a text, in order and inside the stretch that was heard."""
    earliest = start
    for word in words:
        if word.text:
            begin = min(max(word.start, earliest), end)
            earliest = min(max(word.end, begin), end)
            yield Word(text=word.text, start_seconds=begin, end_seconds=earliest, confidence=word.confidence)
