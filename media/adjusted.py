"""Decoded media with adjusted times."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..track import Gap
from .audio import Audio, on_disk
from .clock import ClockMap, Remap, Shift
from .probe import MediaInfo
from .transcripts import Utterance, Word
from .video import Frames

_BLOCK_SAMPLES = 2**20
_CONTEXT_SAMPLES = 1_024
"""More than the resampler looks to either side."""
_UNMOVED = Shift(seconds=0.0)


def adjusted_info(info: MediaInfo, audio: ClockMap | None, video: ClockMap | None) -> MediaInfo:
    """Return where streams start and end by their adjusted times, and until when the later one lasts.

    Parameters
    ----------
    info
        What the file says.
    audio, video
        The maps of the streams; None: as the file says.
    """
    if audio is None and video is None:
        return info
    moved = replace(
        info,
        audio_start_seconds=_time(info.audio_start_seconds, audio),
        audio_end_seconds=_time(info.audio_end_seconds, audio),
        video_start_seconds=_time(info.video_start_seconds, video),
        video_end_seconds=_time(info.video_end_seconds, video),
    )
    # A stream whose end the header does not give lasts as long as the file.
    ends = [
        _at(info.duration_seconds, clock or _UNMOVED) if end is None else end
        for start, end, clock in (
            (moved.audio_start_seconds, moved.audio_end_seconds, audio),
            (moved.video_start_seconds, moved.video_end_seconds, video),
        )
        if start is not None or end is not None
    ]
    return replace(moved, duration_seconds=max(0.0, *ends))


def adjusted_frames(frames: Frames, clock: ClockMap) -> Frames:
    """Return frames at adjusted times."""
    return replace(frames, times=clock.apply(frames.times), gaps=_gaps(frames.gaps, clock))


def adjusted_utterances(utterances: Sequence[Utterance], clock: ClockMap) -> tuple[Utterance, ...]:
    """Return utterances, and the words and noises in them, at adjusted times."""
    return tuple(
        replace(
            utterance,
            start_seconds=_time(utterance.start_seconds, clock),
            end_seconds=_time(utterance.end_seconds, clock),
            words=_adjusted_words(utterance.words, clock),
            noises=_adjusted_words(utterance.noises, clock),
        )
        for utterance in utterances
    )


def first_time(utterances: Sequence[Utterance]) -> float | None:
    """Return the earliest time that a transcript gives; None where it gives none."""
    starts = [utterance.start_seconds for utterance in utterances]
    starts += [word.start_seconds for utterance in utterances for word in utterance.words]
    return min((start for start in starts if start is not None), default=None)


def adjusted_audio(audio: Audio, clock: ClockMap, folder: Path | None = None) -> Audio:
    """Return sound whose sample n is at ``start_seconds + n / rate`` by adjusted times.

    A shift moves the start. A remap resamples the sound piece by piece to the length that each has then (soxr, high
    quality), so that every sample is within one sample's time of where the map has it.

    Parameters
    ----------
    audio
        The sound at native times.
    clock
        The map.
    folder
        Where the nameless file of the samples lies, see `read_audio`.
    """
    start = float(clock.apply(np.array(audio.start_seconds)))
    moved = replace(audio, start_seconds=start, gaps=_gaps(audio.gaps, clock))
    if not isinstance(clock, Remap) or not len(audio.samples):
        return moved
    return replace(moved, samples=on_disk(_resampled(audio, clock), folder))


def _adjusted_words(words: Sequence[Word], clock: ClockMap) -> tuple[Word, ...]:
    return tuple(
        replace(word, start_seconds=_time(word.start_seconds, clock), end_seconds=_time(word.end_seconds, clock))
        for word in words
    )


def _resampled(audio: Audio, clock: Remap) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of the pieces between the inner points of a map, one after the other."""
    start, end, sample = audio.start_seconds, audio.end_seconds, 1 / audio.rate
    inner = [native for native, _ in clock.points[1:-1] if start + sample < native < end - sample]
    edges = np.array([start, *inner, end])
    native = (edges - edges[0]) * audio.rate
    adjusted = clock.apply(edges)
    adjusted = (adjusted - adjusted[0]) * audio.rate
    for piece in range(len(edges) - 1):
        yield from _piece(audio, native[piece : piece + 2], adjusted[piece : piece + 2])


def _piece(audio: Audio, native: NDArray[np.float64], adjusted: NDArray[np.float64]) -> Iterator[NDArray[np.float32]]:
    """Yield the samples whose adjusted positions lie in a piece, of which the edges are given in samples.

    The resampler also hears what is around the piece, so that there is no edge in the sound.
    """
    import soxr

    first, last = np.rint(adjusted).astype(int)
    speed = (adjusted[1] - adjusted[0]) / (native[1] - native[0])
    context = int(_CONTEXT_SAMPLES * max(1.0, 1 / speed))
    low = max(0, int(native[0]) - context)
    high = min(len(audio.samples), int(native[1]) + 1 + context)
    to_skip = round((native[0] - low) * speed + first - adjusted[0])
    to_give = last - first
    resampler = soxr.ResampleStream(audio.rate, audio.rate * speed, 1, dtype="float32", quality="HQ")
    for begin in range(low, high, _BLOCK_SAMPLES):
        end = min(begin + _BLOCK_SAMPLES, high)
        block = resampler.resample_chunk(np.asarray(audio.samples[begin:end]), last=end == high)
        given = block[to_skip:][:to_give]
        to_skip -= min(to_skip, len(block))
        to_give -= len(given)
        yield given
    yield np.zeros(to_give, np.float32)  # at the end of the sound, where the resampler rounds the other way


def _gaps(gaps: Sequence[Gap], clock: ClockMap) -> tuple[Gap, ...]:
    return tuple(
        replace(gap, start_seconds=_at(gap.start_seconds, clock), end_seconds=_at(gap.end_seconds, clock))
        for gap in gaps
    )


def _time(seconds: float | None, clock: ClockMap | None) -> float | None:
    return seconds if seconds is None or clock is None else _at(seconds, clock)


def _at(seconds: float, clock: ClockMap) -> float:
    return float(clock.apply(np.array(seconds)))
