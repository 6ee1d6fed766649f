import numpy as np

from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_schema import FACES
from trimodal.track import Gap, Track


def _faces(rows: list[tuple[float, tuple[float, float, float, float]]]) -> Track:
    times = np.array([(start, start + 0.2) for start, _ in rows]).reshape(-1, 2)
    fields = {
        "box": np.array([box for _, box in rows], np.float32).reshape(-1, 4),
        "landmarks": np.zeros((len(rows), 5, 2), np.float32),
        "confidence": np.arange(len(rows), dtype=np.float32),
    }
    return Track(schema=FACES, times=times, fields=fields, gaps=(Gap(start_seconds=9, end_seconds=10, reason="cut"),))


def test_takes_the_largest_face_of_every_frame_and_the_first_of_equals() -> None:
    small, large = (0.0, 0.0, 10.0, 10.0), (0.0, 0.0, 20.0, 20.0)
    chosen = FaceChoice().extract(_faces([(0.0, small), (0.0, large), (0.2, large), (0.2, large), (0.4, small)]))
    assert chosen.fields["confidence"].tolist() == [1, 2, 4]
    np.testing.assert_allclose(chosen.times[:, 0], [0.0, 0.2, 0.4])
    assert [gap.reason for gap in chosen.gaps] == ["cut"]


def test_no_faces_no_choice() -> None:
    assert len(FaceChoice().extract(_faces([]))) == 0
