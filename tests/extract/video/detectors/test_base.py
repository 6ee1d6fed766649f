import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.video.detectors.base import Detections, follow_in_regions, iou, join, no_faces

BOX = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 40), st.integers(1, 40))


def _boxes(boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    return np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float32).reshape(-1, 4)


@given(one=st.lists(BOX, max_size=3), other=st.lists(BOX, max_size=3))
def test_iou_counts_shared_pixels(one: list[tuple[int, int, int, int]], other: list[tuple[int, int, int, int]]) -> None:
    def mask(box: tuple[int, int, int, int]) -> np.ndarray:
        x, y, w, h = box
        picture = np.zeros((100, 100), bool)
        picture[y : y + h, x : x + w] = True
        return picture

    expected = [[(mask(a) & mask(b)).sum() / (mask(a) | mask(b)).sum() for b in other] for a in one]
    found = iou(_boxes(one), _boxes(other))
    np.testing.assert_allclose(found, np.array(expected).reshape(len(one), len(other)))


def test_iou_of_boxes_without_size_is_zero() -> None:
    assert iou(np.zeros((1, 4), np.float32), np.zeros((1, 4), np.float32)).tolist() == [[0.0]]


def test_moved_undoes_cutting_and_scaling() -> None:
    faces = Detections(
        np.array([[10, 20, 30, 60]], np.float32), np.full((1, 5, 2), 10, np.float32), np.ones(1, np.float32)
    )
    moved = faces.moved(100, 50, 2.0)
    assert moved.boxes.tolist() == [[105, 60, 115, 80]]
    assert moved.landmarks[0, 0].tolist() == [105, 55]


def test_join_and_take() -> None:
    assert len(join([])) == 0
    joined = join([no_faces(2), no_faces(1)])
    assert len(joined) == 3
    assert len(joined.take([])) == 0
    assert len(joined.take(np.array([True, False, True]))) == 2


@pytest.mark.parametrize("box", [(-50, -50, -20, -20), (200, 10, 240, 50), (5, 5, 5, 5)])
def test_a_region_outside_the_picture_holds_no_face(box: tuple[int, int, int, int]) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    faces, found = follow_in_regions(lambda _: no_faces(), image, np.array([box], np.float32), 100)
    assert (len(faces), found.tolist()) == (1, [False])
