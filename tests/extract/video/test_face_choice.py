from pathlib import Path

import numpy as np
import pytest

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_embedding import FaceEmbedding
from trimodal.extract.video.face_schema import FACES
from trimodal.extract.video.faces import Faces
from trimodal.extract.video.reference_face import describe_reference
from trimodal.media import Sampling, probe, read_frames
from trimodal.track import Gap, Track, concatenate

SMALL, LARGE = (0.0, 0.0, 10.0, 10.0), (0.0, 0.0, 20.0, 20.0)
LEFT, RIGHT, MIDDLE = (10.0, 50.0, 30.0, 70.0), (170.0, 50.0, 195.0, 75.0), (90.0, 40.0, 100.0, 50.0)


def _faces(rows: list[tuple[float, tuple[float, float, float, float], int]]) -> Track:
    times = np.array([(start, start + 0.2) for start, _, _ in rows]).reshape(-1, 2)
    fields = {
        "box": np.array([box for _, box, _ in rows], np.float32).reshape(-1, 4),
        "landmarks": np.zeros((len(rows), 5, 2), np.float32),
        "confidence": np.arange(len(rows), dtype=np.float32),
        "track": np.array([track for _, _, track in rows], np.int32),
        "frame_size": np.tile(np.array([200, 100], np.int32), (len(rows), 1)),
    }
    return Track(schema=FACES, times=times, fields=fields, gaps=(Gap(start_seconds=9, end_seconds=10, reason="cut"),))


def _chosen(choice: FaceChoice, rows: list[tuple[float, tuple[float, float, float, float], int]]) -> list[int]:
    return choice.extract({"faces": _faces(rows)}).fields["confidence"].astype(int).tolist()


def test_largest_of_every_frame_and_the_first_of_equals() -> None:
    rows = [(0.0, SMALL, 0), (0.0, LARGE, 1), (0.2, LARGE, 0), (0.2, LARGE, 1), (0.4, SMALL, 0)]
    assert _chosen(FaceChoice(), rows) == [1, 2, 4]
    assert [gap.reason for gap in FaceChoice().extract({"faces": _faces(rows)}).gaps] == ["cut"]


def test_central_is_nearest_to_the_middle_of_the_frame() -> None:
    rows = [(0.0, LEFT, 0), (0.0, MIDDLE, 1), (0.0, RIGHT, 2), (0.2, LARGE, 0), (0.2, LEFT, 1)]
    assert _chosen(FaceChoice(policy="central"), rows) == [1, 4]


def test_confident_is_what_the_detector_is_surest_of() -> None:
    rows = [(0.0, LARGE, 0), (0.0, SMALL, 1), (0.2, LEFT, 0), (0.2, LARGE, 1), (0.2, SMALL, 2)]
    assert _chosen(FaceChoice(policy="confident"), rows) == [1, 4]  # the confidence rises with the number of the row


@pytest.mark.parametrize(("half", "chosen"), [("left", [0, 3]), ("right", [2])])
def test_half_keeps_to_its_side(half: str, chosen: list[int]) -> None:
    rows = [(0.0, LEFT, 0), (0.0, SMALL, 1), (0.0, RIGHT, 2), (0.2, MIDDLE, 0)]
    assert _chosen(FaceChoice(policy="half", half=half), rows) == chosen  # type: ignore[arg-type]


def test_longest_is_one_person_and_nobody_where_that_person_is_not() -> None:
    rows = [(0.0, LARGE, 0), (0.2, LARGE, 0), (0.2, SMALL, 1), (0.4, SMALL, 1), (0.6, SMALL, 1)]
    assert _chosen(FaceChoice(policy="longest"), rows) == [2, 3, 4]
    assert _chosen(FaceChoice(policy="longest"), [*rows, (0.8, LARGE, 0), (1.0, LARGE, 0)]) == [0, 1, 5, 6]


@pytest.mark.parametrize("policy", ["largest", "central", "confident", "longest"])
def test_no_faces_no_choice(policy: str) -> None:
    assert _chosen(FaceChoice(policy=policy), []) == []  # type: ignore[arg-type]


def test_reference_finds_the_person_among_others(media: Path, tmp_path: Path) -> None:
    import cv2

    clip = media / "talking" / "grid-two-speakers.mp4"
    info, faces = probe(media / "talking" / "grid-swwp2s.mpg"), Faces(sampling=Sampling(fps=2))
    (first, *_) = read_frames(media / "talking" / "grid-swwp2s.mpg", info, Sampling(fps=1))
    cv2.imwrite(str(tmp_path / "me.png"), first.pixels[0][:, :, ::-1])
    found = concatenate(faces.schema, list(faces.extract(read_frames(clip, probe(clip), faces.sampling))))
    embedding = FaceEmbedding()
    frames = read_frames(clip, probe(clip), Sampling(), only=np.unique(found.times[:, 0]))
    described = concatenate(embedding.schema, list(embedding.extract(faces_in_frames(frames, found))))
    choice = FaceChoice(policy="reference", reference=str(tmp_path / "me.png"))
    chosen = choice.extract({"faces": found, "embedding": described})
    middle = chosen.fields["box"][:, [0, 2]].mean(axis=1)
    assert len(chosen) == 12
    assert (middle > 360).all()  # the clip's right half was made from the same recording
    assert "reference" in choice.weights()
    cv2.imwrite(str(tmp_path / "other.png"), _picture(media / "talking" / "grid-brbk7n.mpg"))
    stranger = FaceChoice(policy="reference", reference=str(tmp_path / "other.png"))
    assert len(stranger.extract({"faces": found, "embedding": described})) in (0, 12)


def _picture(clip: Path) -> np.ndarray:
    (first, *_) = read_frames(clip, probe(clip), Sampling(fps=1))
    return np.ascontiguousarray(first.pixels[0][:, :, ::-1])


def test_a_reference_must_show_one_face(media: Path, tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "none.png"), np.zeros((100, 100, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "two.png"), _picture(media / "talking" / "grid-two-speakers.mp4"))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    for name, message in [
        ("none.png", r"none\.png: shows 0 faces; expected a picture of one person"),
        ("two.png", r"two\.png: shows 2 faces; expected a picture of one person"),
        ("text.png", r"text\.png: not a picture that OpenCV reads"),
        ("empty.png", r"empty\.png: not a picture that OpenCV reads"),
        ("gone.png", r"gone\.png: no such file; expected a picture of the person to choose"),
    ]:
        with pytest.raises(WeightsError, match=message):
            describe_reference(tmp_path / name)
        with pytest.raises(WeightsError, match=message):
            FaceChoice(policy="reference", reference=str(tmp_path / name)).weights()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"policy": "half"}, "'half: left' or 'half: right' goes with 'policy: half' and with no other"),
        ({"half": "left"}, "'half: left' or 'half: right' goes with 'policy: half' and with no other"),
        ({"policy": "reference"}, "'reference', the path of a picture, goes with 'policy: reference'"),
        ({"reference": "me.png"}, "'reference', the path of a picture, goes with 'policy: reference'"),
    ],
)
def test_a_policy_has_what_it_needs_and_nothing_else(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        FaceChoice(**parameters)  # type: ignore[arg-type]
