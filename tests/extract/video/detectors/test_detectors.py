"""Each detector on a real portrait: searching and following agree."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.video.detectors import Detector, Mtcnn, ScaledDetector, Yunet, dlib_cnn, dlib_hog
from trimodal.extract.video.detectors.base import iou
from trimodal.extract.video.faces import Faces
from trimodal.extract.weights import dlib_weights

PORTRAIT = skimage.data.astronaut()[:300, 60:460]
LANDMARKS = dlib_weights("shape_predictor_68_face_landmarks.dat")
DETECTORS = {
    "mtcnn": lambda: Mtcnn(40, 0.9, "cpu"),
    "dlib-hog": lambda: dlib_hog(40, 0.0, LANDMARKS),
    "dlib-cnn": lambda: dlib_cnn(80, 0.5, dlib_weights("mmod_human_face_detector.dat"), LANDMARKS),
    "scaled": lambda: ScaledDetector(Mtcnn(20, 0.9, "cpu"), 200),
}


@pytest.fixture(params=DETECTORS, scope="module")
def detector(request: pytest.FixtureRequest) -> Detector:
    return DETECTORS[request.param]()


def test_finds_the_one_face_with_its_landmarks(detector: Detector) -> None:
    faces = detector.detect(PORTRAIT)
    assert len(faces) == 1
    left, top, right, bottom = faces.boxes[0]
    assert 100 < left < 150 < 180 < right < 240
    right_eye, left_eye, nose, right_mouth, left_mouth = faces.landmarks[0]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert top < right_eye[1] < nose[1] < right_mouth[1] < bottom + 10


@pytest.mark.parametrize("shift", [(0, 0), (6, -4), (-8, 8)])
def test_following_finds_what_a_search_finds(detector: Detector, shift: tuple[int, int]) -> None:
    before = detector.detect(PORTRAIT)
    moved = np.roll(PORTRAIT, shift, axis=(1, 0))
    followed, found = detector.follow(moved, before.boxes)
    searched = detector.detect(moved)
    assert found.tolist() == [True]
    assert iou(followed.boxes, searched.boxes)[0, 0] > 0.7
    assert np.abs(followed.landmarks - searched.landmarks).max() < 8


def test_following_says_when_nothing_is_there(detector: Detector) -> None:
    blank = np.full_like(PORTRAIT, 90)
    boxes = np.array([[120, 80, 210, 190], [1000, 1000, 1100, 1100], [-200, -200, -100, -100]], np.float32)
    _, found = detector.follow(blank, boxes)
    assert found.tolist() == [False] * 3


def test_an_empty_picture_has_no_face(detector: Detector) -> None:
    assert len(detector.detect(np.zeros((200, 300, 3), np.uint8))) == 0


def test_yunet_refuses_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "yunet.onnx").write_bytes(b"not a network")
    with pytest.raises(WeightsError, match=r"yunet\.onnx: OpenCV cannot load it .*; expected YuNet as ONNX"):
        Yunet(tmp_path / "yunet.onnx", 0.8)


def test_yunet_says_where_to_get_its_weights(tmp_path: Path) -> None:
    faces = Faces(detector="yunet", weights_file=str(tmp_path / "gone.onnx"))
    with pytest.raises(WeightsError, match=r"gone\.onnx: no such file; get face_detection_yunet_2023mar\.onnx"):
        faces.weights()


@pytest.mark.parametrize("parameters", [{"detector": "yunet"}, {"weights_file": "x.onnx"}])
def test_a_weights_file_goes_with_yunet(parameters: dict[str, str]) -> None:
    with pytest.raises(ParameterError, match="weights_file goes with the detector yunet and with no other"):
        Faces(**parameters)  # type: ignore[arg-type]
