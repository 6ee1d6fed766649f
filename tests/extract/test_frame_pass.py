import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from trimodal.errors import TrackError
from trimodal.extract.face_frames import FacesInFrames
from trimodal.extract.frame_pass import FaceReader, FrameReader, read_faces_once, read_frames_once
from trimodal.media import Frames, Sampling
from trimodal.track import Field, Gap, Track

DENSE, SPARSE = Sampling(), Sampling(every=2)
SCHEMA = {"values": Field(dtype="int64", shape=(1,))}


def frames(number: int) -> Frames:
    """A batch of one frame, which carries its number."""
    gap = Gap(start_seconds=number, end_seconds=number, reason=f"gap {number}")
    pixels = np.full((1, 2, 2, 3), number, np.uint8)
    return Frames(times=np.array([[number, number + 1.0]]), pixels=pixels, gaps=(gap,))


def rows(times: np.ndarray, numbers: list[int], gaps: tuple[Gap, ...] = ()) -> Track:
    values = np.array(numbers, np.int64).reshape(-1, 1)
    return Track(schema=SCHEMA, times=times, fields={"values": values}, gaps=gaps)


def doubled(batches: Iterator[Frames]) -> Iterator[Track]:
    """Two faces in every frame."""
    for batch in batches:
        number = int(batch.pixels[0, 0, 0, 0])
        yield rows(np.repeat(batch.times, 2, axis=0), [number, number], batch.gaps)


def of_faces(batches: Iterator[FacesInFrames]) -> Iterator[Track]:
    for found in batches:
        assert [int(image[0, 0, 0]) for image in found.images] == found.faces.values[:, 0].tolist()
        yield rows(found.faces.times, found.rows.tolist())
    yield rows(np.array([[99.0, 99.0]]), [-1])


class Written:
    """Collects pieces."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.gaps: list[str] = []

    def __call__(self, piece: Track) -> None:
        self.numbers += piece.values[:, 0].tolist()
        self.gaps += [gap.reason for gap in piece.gaps]


def test_every_reader_gets_its_sampling_and_faces_as_they_are_found() -> None:
    dense, sparse, faces = Written(), Written(), Written()
    batches = ((sampling, frames(n)) for n in range(4) for sampling in (DENSE, SPARSE) if sampling == DENSE or n % 2)
    read_frames_once(
        batches,
        [
            FrameReader(
                sampling=DENSE, make=doubled, write=dense, face_readers=[FaceReader(make=of_faces, write=faces)]
            ),
            FrameReader(sampling=SPARSE, make=doubled, write=sparse),
        ],
    )
    assert dense.numbers == [0, 0, 1, 1, 2, 2, 3, 3]
    assert sparse.numbers == [1, 1, 3, 3]
    assert faces.numbers == [0, 1, 2, 3, 4, 5, 6, 7, -1]
    assert faces.gaps == dense.gaps == ["gap 0", "gap 1", "gap 2", "gap 3"]


def test_readers_of_known_faces_each_get_their_own() -> None:
    one, other = Written(), Written()
    known = [rows(np.array([[n, n + 1.0] for n in times]), list(times)) for times in ((0, 2), (1, 2, 2))]
    readers = [
        (FaceReader(make=of_faces, write=write), track) for write, track in zip((one, other), known, strict=True)
    ]
    read_faces_once((frames(n) for n in range(3)), readers)
    assert one.numbers == [0, 1, -1]
    assert other.numbers == [0, 1, 2, -1]


def test_no_batch_is_kept_once_all_readers_have_it() -> None:
    given: list[weakref.ref[Frames]] = []
    most = 0

    def batches() -> Iterator[tuple[Sampling, Frames]]:
        nonlocal most
        for number in range(100):
            batch = frames(number)
            given.append(weakref.ref(batch))
            most = max(most, sum(one() is not None for one in given))
            yield DENSE, batch
            del batch

    readers = [
        FrameReader(
            sampling=DENSE, make=doubled, write=Written(), face_readers=[FaceReader(make=of_faces, write=Written())]
        )
        for _ in range(3)
    ]
    read_frames_once(batches(), readers)
    assert most <= 2


def ahead(batches: Iterator[Frames]) -> Iterator[Track]:
    next(batches)
    yield from doubled(batches)


def silent(batches: Iterator[Frames]) -> Iterator[Track]:
    next(batches)
    yield from ()


@pytest.mark.parametrize(
    ("make", "message"), [(ahead, "wants frames ahead"), (silent, "made no piece of a batch of frames")]
)
def test_an_extractor_gives_one_piece_for_every_batch(
    make: Callable[[Iterator[Frames]], Iterator[Track]], message: str
) -> None:
    reader = FrameReader(sampling=DENSE, make=make, write=Written())
    with pytest.raises(TrackError, match=message):
        read_frames_once(iter([(DENSE, frames(0)), (DENSE, frames(1))]), [reader])
