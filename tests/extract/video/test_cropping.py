import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.video.cropping import (
    TEMPLATE,
    FaceCutter,
    Region,
    centre,
    letterbox,
    middle,
    picture,
    resize_box,
    similarity,
)
from trimodal.extract.video.face_schema import FACES
from trimodal.track import Track


def _picture(height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@given(
    scale=st.floats(0.2, 5),
    angle=st.floats(-3.1, 3.1),
    shift=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
)
def test_similarity_finds_turn_scale_and_shift(scale: float, angle: float, shift: tuple[float, float]) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = similarity(TEMPLATE, TEMPLATE @ turn.T + shift)
    np.testing.assert_allclose(found, np.column_stack([turn, shift]), atol=1e-6)


def test_similarity_of_points_that_coincide_only_shifts() -> None:
    np.testing.assert_allclose(similarity(np.ones((5, 2)), np.full((5, 2), 3.0)), [[1, 0, 2], [0, 1, 2]])


@given(
    edges=st.tuples(*[st.floats(-30, 70)] * 2),
    sizes=st.tuples(*[st.floats(12, 60)] * 2),
)
def test_a_box_is_cut_as_facenet_pytorch_does(edges: tuple[float, float], sizes: tuple[float, float]) -> None:
    from facenet_pytorch.models.utils.detect_face import extract_face

    image = _picture(100, 120)
    box = np.array([*edges, edges[0] + sizes[0], edges[1] + sizes[1]], np.float32)
    if box[2] < 1 or box[3] < 1:
        assert not resize_box(image, box, 40, 0).any()
        return
    expected = extract_face(image, box, 40, 0).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(resize_box(image, box, 40, 0), expected)


def test_a_letterbox_keeps_proportions_on_black() -> None:
    image = _picture()
    found = letterbox(image, np.array([10.9, 20.2, 40.0, 31.9]), 65, 0)
    # Columns 10 to 39 and rows 20 to 30: 30 wide, 11 high; 11 * 65 / 30 = 23.8 becomes 23, (65 - 23) / 2 is 21.
    np.testing.assert_array_equal(found[21:44], cv2.resize(image[20:31, 10:40], (65, 23)))
    assert not found[:21].any()
    assert not found[44:].any()


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((-20, -5, 10.5, 30), slice(0, 40), slice(0, 20)),
        ((70, 45, 95, 80), slice(35, 60), slice(60, 80)),
        ((-100, -100, 300, 300), slice(0, 60), slice(0, 80)),
    ],
)
def test_a_box_at_the_edge_ends_with_the_frame(box: tuple[float, ...], rows: slice, columns: slice) -> None:
    image = _picture()
    inside = image[rows, columns]
    expected = cv2.resize(inside, (32, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(resize_box(image, np.array(box), 32, 10), expected)


@pytest.mark.parametrize("cut", ["landmarks", "box", "letterbox"])
@pytest.mark.parametrize("box", [(-90, -90, -40, -40), (200, 10, 260, 70), (10.2, 10.2, 10.8, 10.8), (30, 30, 20, 20)])
def test_a_face_outside_the_frame_is_black(cut: str, box: tuple[float, ...]) -> None:
    fields = {name: field.empty(1) for name, field in FACES.items()}
    fields["box"][:] = box
    fields["landmarks"][:] = TEMPLATE + 500
    faces = Track(schema=FACES, times=np.array([[0.0, 1.0]]), fields=fields)
    found = FaceCutter(cut=cut, size_pixels=32).cut_all([_picture()], faces)  # type: ignore[arg-type]
    assert found.shape == (1, 32, 32, 3)
    assert not found.any()


@pytest.mark.parametrize(("height", "width"), [(48, 101), (101, 48), (300, 200), (64, 64), (9, 10)])
def test_the_middle_of_a_frame_is_cut_out(height: int, width: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width)
    image[..., 1] = np.linspace(0, 255, height)[:, None]
    found = centre(image, 64).astype(float)
    assert found.shape == (64, 64, 3)
    # Symmetric about the middle, to a pixel of the resized frame and a step of the gradient.
    step = 2 * 255 / 64 + 2
    np.testing.assert_allclose(found[..., 0] + found[:, ::-1, 0], 255, atol=step)
    np.testing.assert_allclose(found[..., 1] + found[::-1, :, 1], 255, atol=step)


def test_a_frame_of_the_size_is_itself() -> None:
    image = _picture(64, 64)
    np.testing.assert_array_equal(centre(image, 64), image)


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [(480, 360, slice(128, 352), slice(68, 292)), (225, 224, slice(0, 224), slice(0, 224))],
)
def test_the_middle_keeps_its_pixels(height: int, width: int, rows: slice, columns: slice) -> None:
    image = np.random.default_rng(0).integers(1, 256, (height, width, 3), np.uint8)
    np.testing.assert_array_equal(middle(image, 224), image[rows, columns])


def test_the_middle_of_a_smaller_frame_has_black_around_it() -> None:
    image = np.full((10, 20, 3), 7, np.uint8)
    found = middle(image, 16)
    assert (found[3:13] == 7).all() and found.astype(int).sum() == 7 * 10 * 16 * 3


@pytest.mark.parametrize(
    ("region", "columns"), [("whole", slice(0, 21)), ("left", slice(10)), ("right", slice(10, 21))]
)
@pytest.mark.parametrize("resized", [True, False])
def test_a_picture_of_a_half_is_that_of_its_columns(region: Region, columns: slice, resized: bool) -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 21, 3), np.uint8)
    expected = (centre if resized else middle)(np.ascontiguousarray(image[:, columns]), 8)
    np.testing.assert_array_equal(picture(image, 8, region, resized), expected)
