"""What a media file holds, and where its clock starts."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MediaError
from .container import Decoding, audio_stream, open_container, video_stream
from .images import image_sequence, read_picture

if TYPE_CHECKING:
    from av import AudioStream, VideoStream

EARLY_END_SECONDS = 0.25
"""A stream that ends earlier than its header says by more than this has a gap there."""


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What the header and the first frames of a media file say."""

    zero_seconds: float
    """Where the recording's clock has its zero on the container's: the earliest first frame of audio and video."""
    duration_seconds: float
    """From the clock's zero to the end that the header promises (or, where it is silent, the last packet's)."""
    video_start_seconds: float | None
    """First decoded video frame on the recording's clock; None: no video that decodes."""
    audio_start_seconds: float | None
    """First decoded audio sample on the recording's clock; None: no audio that decodes."""
    video_end_seconds: float | None
    """End of the video that the header gives; None: no video, or the header is silent."""
    audio_end_seconds: float | None
    """End of the audio that the header gives; None: no audio, or the header is silent."""
    frames_per_second: float | None
    """Average rate that the header gives; a nominal value, never used to compute a time. Of a folder of pictures it is
    the rate that was given, from which their times are computed."""
    rotation_degrees: int | None = None
    """By how much to turn the stored pictures counter-clockwise; None: as each of them says."""


def no_media(duration_seconds: float) -> MediaInfo:
    """Return what there is of a recording without sound or video: how long it lasts."""
    return MediaInfo(
        zero_seconds=0.0,
        duration_seconds=duration_seconds,
        video_start_seconds=None,
        audio_start_seconds=None,
        video_end_seconds=None,
        audio_end_seconds=None,
        frames_per_second=None,
    )


def with_sound(info: MediaInfo, sound: MediaInfo) -> MediaInfo:
    """Return what there is of a recording whose sound is in a file of its own, which begins with the other.

    Parameters
    ----------
    info
        What the file of the pictures says; its own sound does not count.
    sound
        What the file of the sound says.
    """
    start, end = info.video_start_seconds, info.video_end_seconds
    ends = [sound.duration_seconds, info.duration_seconds if end is None else end]
    return replace(
        info,
        duration_seconds=sound.duration_seconds if start is None else max(ends),
        audio_start_seconds=sound.audio_start_seconds,
        audio_end_seconds=sound.audio_end_seconds,
    )


def probe(path: Path, frames_per_second: float | None = None, rotation_degrees: int | None = None) -> MediaInfo:
    """Read a file's header and decode up to the first frame of its audio and of its video.

    Parameters
    ----------
    path
        The media file, or a folder of numbered pictures.
    frames_per_second
        The rate of a folder of pictures; None: a file, which has its own times.
    rotation_degrees
        By how much to turn the pictures, where what the file says is wrong; None: as it says.

    Raises
    ------
    MediaError
        If the file is missing, not media, or holds neither audio nor video that decodes; if a folder has no picture
        that can be read or no rate, or a file has one.
    """
    if path.is_dir():
        return _probe_pictures(path, frames_per_second, rotation_degrees)
    if frames_per_second is not None and path.exists():
        raise MediaError(f"{path}: has a frame rate and is a file, which has its own times; leave the rate out")
    with open_container(path) as container:
        video, audio = video_stream(container), audio_stream(container)
        if video is None and audio is None:
            raise MediaError(f"{path}: holds neither audio nor video")
        video_end, audio_end = header_end(video), header_end(audio)
        # Where the start is late, some programs count it in the duration of the whole file (Matroska) and some do not.
        whole_end = container.duration / 1e6 if container.duration and not container.start_time else None
        rate = float(video.average_rate) if video is not None and video.average_rate else None
    video_first = _first_time(path, "video") if video is not None else None
    audio_first = _first_time(path, "audio") if audio is not None else None
    firsts = [first for first in (video_first, audio_first) if first is not None]
    if not firsts:
        raise MediaError(f"{path}: the header promises media and no frame of it can be decoded")
    zero = min(firsts)
    ends = [end for end in (video_end, audio_end) if end is not None] or [whole_end or _last_packet_end(path)]

    def on_clock(seconds: float | None) -> float | None:
        return None if seconds is None else seconds - zero

    return MediaInfo(
        zero_seconds=zero,
        duration_seconds=max(*ends, *firsts) - zero,
        video_start_seconds=on_clock(video_first),
        audio_start_seconds=on_clock(audio_first),
        video_end_seconds=on_clock(video_end),
        audio_end_seconds=on_clock(audio_end),
        frames_per_second=rate,
        rotation_degrees=rotation_degrees,
    )


def _probe_pictures(folder: Path, frames_per_second: float | None, rotation_degrees: int | None) -> MediaInfo:
    """Find the extent of an image sequence, whose clock starts with its first number, readable or not."""
    sequence = image_sequence(folder, frames_per_second)
    readable = (at for at, picture in enumerate(sequence.pictures) if read_picture(picture) is not None)
    first = next(readable, None)
    if first is None:
        raise MediaError(f"{folder}: none of its {len(sequence.pictures)} pictures can be read")
    end = sequence.end_seconds(len(sequence.pictures) - 1)
    return MediaInfo(
        zero_seconds=0.0,
        duration_seconds=end,
        video_start_seconds=sequence.start_seconds(first),
        audio_start_seconds=None,
        video_end_seconds=end,
        audio_end_seconds=None,
        frames_per_second=sequence.frames_per_second,
        rotation_degrees=rotation_degrees,
    )


def _first_time(path: Path, kind: str) -> float | None:
    """Time of the first frame that decodes: decoding cuts priming samples and edit lists, headers may not say so."""
    with open_container(path) as container:
        stream: VideoStream | AudioStream | None = (
            video_stream(container) if kind == "video" else audio_stream(container)
        )
        if stream is None:
            return None
        decoding = Decoding(container, stream)
        frames = decoding.video() if kind == "video" else decoding.audio()
        return next((seconds for seconds, _ in frames), None)


def header_end(stream: "VideoStream | AudioStream | None") -> float | None:
    """End of a stream that the header gives, in seconds on the container's clock; None where it gives none."""
    if stream is None or not stream.duration or stream.time_base is None:
        return None
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base)


def _last_packet_end(path: Path) -> float:
    end = 0.0
    with open_container(path) as container:
        import av

        packets = container.demux()
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                return end
            if packet is None:
                return end
            if packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
