"""Making several tracks from one reading of a video."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ..errors import TrackError
from ..media import Frames, Sampling
from ..track import Track
from .face_frames import FacesInFrames, faces_in_batch

Batch = TypeVar("Batch")


@dataclass(frozen=True, kw_only=True)
class FaceReader:
    """A track made of faces with their frames."""

    make: Callable[[Iterator[FacesInFrames]], Iterator[Track]]
    write: Callable[[Track], None]


@dataclass(frozen=True, kw_only=True)
class FrameReader:
    """A track made of frames."""

    sampling: Sampling
    make: Callable[[Iterator[Frames]], Iterator[Track]]
    write: Callable[[Track], None]
    face_readers: Sequence[FaceReader] = ()
    """Where it is a track of faces: what is made of these while their frames are at hand."""


def read_frames_once(batches: Iterator[tuple[Sampling, Frames]], readers: Sequence[FrameReader]) -> None:
    """Hand every batch to those who want its sampling, and write what they make of it at once.

    No more than one batch of a sampling is held, whatever the length of the video and the number of readers.
    """
    lanes = [_FrameLane(reader) for reader in readers]
    for sampling, batch in batches:
        for lane in lanes:
            if lane.sampling == sampling:
                lane.push(batch)
    for lane in lanes:
        lane.finish()


def read_faces_once(frames: Iterator[Frames], readers: Sequence[tuple[FaceReader, Track]]) -> None:
    """Hand every reader its own track's faces in every batch, and write what it makes of them at once."""
    lanes = [(_Lane(reader.make), reader.write, faces) for reader, faces in readers]
    for batch in frames:
        for lane, write, faces in lanes:
            write(lane.push(faces_in_batch(batch, faces)))
    for lane, write, _ in lanes:
        lane.finish(write)


class _Lane(Generic[Batch]):
    """A generator that is handed its batches one by one."""

    def __init__(self, make: Callable[[Iterator[Batch]], Iterator[Track]]) -> None:
        self._waiting: deque[Batch] = deque()
        self._finished = False
        self._pieces = make(self._batches())

    def push(self, batch: Batch) -> Track:
        """Return the piece that is made of a batch."""
        self._waiting.append(batch)
        piece = next(self._pieces, None)
        if piece is None or self._waiting:
            raise TrackError("an extractor made no piece of a batch of frames; expected one for every batch")
        return piece

    def finish(self, write: Callable[[Track], None]) -> None:
        """Write what is made after the last batch."""
        self._finished = True
        for piece in self._pieces:
            write(piece)

    def _batches(self) -> Iterator[Batch]:
        while not self._finished:
            if not self._waiting:
                raise TrackError("an extractor wants frames ahead; expected the piece of one batch before the next")
            yield self._waiting.popleft()


class _FrameLane:
    """A reader of frames, and those that read its faces."""

    def __init__(self, reader: FrameReader) -> None:
        self.sampling = reader.sampling
        self._lane = _Lane(reader.make)
        self._write = reader.write
        self._face_lanes = [(_Lane(one.make), one.write) for one in reader.face_readers]
        self._rows = 0

    def push(self, batch: Frames) -> None:
        piece = self._lane.push(batch)
        self._write(piece)
        if self._face_lanes:
            found = faces_in_batch(batch, piece, self._rows)
            for lane, write in self._face_lanes:
                made = lane.push(found)
                write(replace(made, gaps=(*piece.gaps, *made.gaps)))
        self._rows += len(piece)

    def finish(self) -> None:
        self._lane.finish(self._write)
        for lane, write in self._face_lanes:
            lane.finish(write)
