"""Opening a container, and decoding one of its streams whatever is broken in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MediaError

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.audio.frame import AudioFrame
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame

_VIDEO_SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts"))
_MORE_VIDEO_SUFFIXES = frozenset((".flv", ".wmv", ".3gp", ".ogv"))
AUDIO_SUFFIXES = frozenset((".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".wma", ".aif", ".aiff", ".au"))
MEDIA_SUFFIXES = _VIDEO_SUFFIXES | _MORE_VIDEO_SUFFIXES | AUDIO_SUFFIXES
"""Suffixes, in lower case, of the files that a folder of media is searched for."""
_NO_OPTIONS: Mapping[str, str] = {}


def decoder_versions() -> dict[str, str]:
    """Return the versions of the FFmpeg libraries that decode, by name."""
    import av

    return {name: ".".join(map(str, numbers)) for name, numbers in av.library_versions.items()}


@contextmanager
def open_container(path: Path, options: Mapping[str, str] = _NO_OPTIONS) -> Iterator["InputContainer"]:
    """Open a media file with FFmpeg's libraries; ``options`` are those of its demuxer.

    Raises
    ------
    MediaError
        If the file is missing, empty or not media.
    """
    import av

    av.logging.set_level(av.logging.PANIC)  # broken streams are counted and reported by us, once
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path}: the file is empty; expected video or audio")
        # Only local files: a playlist or a crafted container must not make us fetch an address.
        # Titles and comments in any encoding, of which we read none, must not make a file unreadable.
        container = av.open(str(path), options={**options, "protocol_whitelist": "file"}, metadata_errors="replace")
    except (OSError, av.FFmpegError) as error:
        raise MediaError(f"{path}: {_reason(error)}; expected video or audio") from None
    with container:
        yield container


def video_stream(container: "InputContainer") -> "VideoStream | None":
    """Return the first stream of moving pictures that has a decoder, leaving out cover art; None if there is none."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def audio_stream(container: "InputContainer", number: int = 0) -> "AudioStream | None":
    """Return an audio stream by its number among them; None if there is no audio at all, or no decoder for it.

    Raises
    ------
    MediaError
        If there is audio, and no stream of that number.
    """
    streams = container.streams.audio
    if streams and number >= len(streams):
        raise MediaError(f"{container.name}: has {len(streams)} audio streams; expected a stream number below that")
    return streams[number] if streams and streams[number].codec_context is not None else None


class Decoding:
    """The frames of one stream in presentation order, going on after what cannot be decoded.

    Iterate over it once. Each frame comes with its time in seconds as the container counts it.
    """

    def __init__(self, container: "InputContainer", stream: "VideoStream | AudioStream") -> None:
        self._container = container
        self._stream = stream
        counted = container.format.name == "avi" and stream.type == "video"
        self._waiting: list[float] | None = [] if counted else None
        """AVI has no presentation times, and what FFmpeg guesses is wrong where frames are reordered: the times of the
        packets that a frame is still to come from. Elsewhere None."""
        self._delay: int | None = None
        """How many packets the decoder holds back; known once the first frame comes out."""
        self.is_mp4 = "mp4" in container.format.name
        """MP4 and MOV: what they call the duration of a frame is the time between two decodings."""
        self._moved_seconds: float | None = None
        """See `_moved_seconds`; known once there is a packet."""
        self.lost: list[float] = []
        """Times of packets that could not be decoded, in seconds as the container counts them."""
        self.reversed = 0
        """Video frames dropped so far because their time was not after the frame's before."""

    def video(self) -> Iterator[tuple[float, "VideoFrame"]]:
        """Yield video frames with strictly rising times."""
        from av.video.frame import VideoFrame

        last = float("-inf")
        for frame in self._decode():
            if not isinstance(frame, VideoFrame):
                continue
            seconds = self._seconds(frame) if self._waiting is None else self._next_waiting(self._waiting)
            if seconds is None:
                continue
            if seconds <= last:
                self.reversed += 1
                continue
            last = seconds
            yield seconds, frame

    def audio(self) -> Iterator[tuple[float, "AudioFrame"]]:
        """Yield audio frames in the order of the file."""
        from av.audio.frame import AudioFrame

        for frame in self._decode():
            if isinstance(frame, AudioFrame) and (seconds := self._seconds(frame)) is not None:
                yield seconds, frame

    def lost_before(self, seconds: float) -> list[float]:
        """Return the times of lost packets before ``seconds``, each of them once, in order."""
        before = sorted(lost for lost in self.lost if lost < seconds)
        self.lost = [lost for lost in self.lost if lost >= seconds]
        return before

    def _decode(self) -> Iterator[object]:
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:  # the container itself ends early
                return
            if packet is None:
                return
            if self._moved_seconds is None:
                may_be_moved = self.is_mp4 and self._stream.type == "video" and packet.is_discard
                self._moved_seconds = _moved_seconds(Path(self._container.name), packet) if may_be_moved else 0.0
            seconds = self._packet_seconds(packet)
            try:
                frames = packet.decode()
            except av.FFmpegError:
                if seconds is not None:
                    self.lost.append(seconds)
                continue
            if self._waiting is not None and seconds is not None:
                self._waiting.append(seconds)
            yield from frames

    def _packet_seconds(self, packet: "Packet[Stream]") -> float | None:
        if self._waiting is None:
            return self._seconds(packet)
        return None if packet.dts is None or packet.time_base is None else float(packet.dts * packet.time_base)

    def _next_waiting(self, waiting: list[float]) -> float | None:
        """Return the time of the frame that came out: frames come in order, one a packet, the first after a delay."""
        if self._delay is None:
            self._delay = max(len(waiting) - 1, 0)
        del waiting[: max(len(waiting) - 1 - self._delay, 0)]  # packets that gave no frame
        return waiting.pop(0) if waiting else None

    def _seconds(self, timed: "Packet[Stream] | VideoFrame | AudioFrame") -> float | None:
        """Return a packet's or frame's time; containers without presentation times (AVI) leave that of decoding."""
        ticks = timed.pts if timed.pts is not None else timed.dts
        time_base = timed.time_base or self._stream.time_base
        return None if ticks is None or time_base is None else float(ticks * time_base) + (self._moved_seconds or 0.0)


def _moved_seconds(path: Path, first: "Packet[Stream]") -> float:
    """By how much FFmpeg shows the video of an MP4 too early, where an edit list begins inside of a frame.

    Such a file is what cutting without encoding makes. FFmpeg drops that frame and moves all others so that the next
    one is at zero (``mov_fix_index`` in libavformat), while the sound keeps its time. Without its option
    ``advanced_editlist`` it moves nothing.

    Parameters
    ----------
    path
        The file.
    first
        Its first packet of video.
    """
    import av

    with open_container(path, {"advanced_editlist": "0"}) as container:
        stream = container.streams[first.stream_index]
        try:
            container.seek(0, stream=stream)  # the key frame before the edit list begins
            same = next(container.demux(stream), None)
        except av.FFmpegError:
            return 0.0
    if same is None or same.pos != first.pos or same.pts is None or first.pts is None:
        return 0.0
    return float((same.pts - first.pts) * first.time_base)


def _reason(error: Exception) -> str:
    """FFmpeg's or the system's own words for an error, without the path that they repeat."""
    return str(getattr(error, "strerror", None) or type(error).__name__).lower()
