from collections.abc import Iterator

import numpy as np
import pytest

from trimodal.errors import ParameterError
from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.cropping import TEMPLATE
from trimodal.extract.video.face_crop import FaceCrop
from trimodal.extract.video.face_schema import FACES
from trimodal.media import Frames
from trimodal.track import Track


def _faces(landmarks: np.ndarray, starts: list[float]) -> Track:
    count = len(starts)
    fields = {
        "box": np.zeros((count, 4), np.float32),
        "landmarks": np.broadcast_to(landmarks, (count, 5, 2)).astype(np.float32),
        "confidence": np.ones(count, np.float32),
        "track": np.zeros(count, np.int32),
        "frame_size": np.tile(np.array([320, 240], np.int32), (count, 1)),
    }
    return Track(schema=FACES, times=np.array([(start, start + 0.1) for start in starts]).reshape(-1, 2), fields=fields)


def _frames(image: np.ndarray, starts: list[float]) -> Iterator[Frames]:
    for start in starts:
        yield Frames(times=np.array([[start, start + 0.1]]), pixels=image[None])


def test_landmarks_come_to_lie_on_the_template() -> None:
    landmarks = TEMPLATE * 1.5 + (40, 20)
    image = np.zeros((240, 320, 3), np.uint8)
    for x, y in landmarks.round().astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = (255, 128, 0)
    (piece,) = FaceCrop().extract(faces_in_frames(_frames(image, [0.0]), _faces(landmarks, [0.0])))
    assert piece.values.shape == (1, 112, 112, 3)
    for x, y in TEMPLATE.round().astype(int):
        assert piece.values[0, y, x, 0] > 200
        assert piece.values[0, y, x, 2] < 50  # channels stay in order


def test_crops_are_made_where_faces_are_and_nowhere_else() -> None:
    image = np.full((240, 320, 3), 200, np.uint8)
    crop = FaceCrop(size_pixels=64, colour="grey", margin=0.3)
    pieces = list(crop.extract(faces_in_frames(_frames(image, [0.0, 0.1, 0.2]), _faces(TEMPLATE + 60, [0.0, 0.2]))))
    assert [len(piece) for piece in pieces] == [1, 0, 1]
    assert pieces[0].values.shape == (1, 64, 64)
    assert (pieces[0].values == 200).all()


def test_what_lies_outside_the_frame_is_black() -> None:
    image = np.full((240, 320, 3), 200, np.uint8)
    (piece,) = FaceCrop().extract(faces_in_frames(_frames(image, [0.0]), _faces(TEMPLATE - 60, [0.0])))
    assert (piece.values[0, 0, 0] == 0).all()
    assert (piece.values[0, -1, -1] == 200).all()


@pytest.mark.parametrize("cut", ["box", "letterbox"])
def test_boxes_are_cut_with_their_margin_in_pixels_of_the_frame(cut: str) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    image[50:90, 100:140] = (10, 200, 30)
    faces = _faces(TEMPLATE, [0.0])
    faces.fields["box"][:] = (105.4, 55.9, 135, 85)  # type: ignore[index]
    crop = FaceCrop(cut=cut, size_pixels=80, margin_pixels=5)  # type: ignore[arg-type]
    (piece,) = crop.extract(faces_in_frames(_frames(image, [0.0]), faces))
    assert (piece.values == (10, 200, 30)).all()
    wider = FaceCrop(cut=cut, size_pixels=80, margin_pixels=15)  # type: ignore[arg-type]
    (piece,) = wider.extract(faces_in_frames(_frames(image, [0.0]), faces))
    assert (piece.values[0, 0, 0] == 0).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"size_pixels": 4}, "size_pixels must be from 8 to 4096, found 4"),
        ({"margin": -0.1}, "margin must be from 0 to 2, found -0.1"),
        ({"margin_pixels": -1}, "margin_pixels must be from 0 to 4096, found -1"),
        ({"cut": "box", "margin": 0.1}, "margin goes with the cut landmarks, found box; it takes margin_pixels"),
        ({"margin_pixels": 3}, "margin_pixels goes with the cuts box and letterbox, found landmarks; it takes margin"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        FaceCrop(**parameters)  # type: ignore[arg-type]
