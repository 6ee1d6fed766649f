from pathlib import Path

import numpy as np

from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_embedding import FaceEmbedding
from trimodal.extract.video.faces import Faces
from trimodal.media import Sampling, probe, read_frames
from trimodal.track import Track, concatenate


def _embed(path: Path) -> tuple[Track, Track]:
    info = probe(path)
    faces = Faces(sampling=Sampling(fps=2))
    chosen = FaceChoice().extract(
        {"faces": concatenate(faces.schema, list(faces.extract(read_frames(path, info, faces.sampling))))}
    )
    embedding = FaceEmbedding()
    frames = read_frames(path, info, Sampling(), only=chosen.times[:, 0])
    return chosen, concatenate(embedding.schema, list(embedding.extract(faces_in_frames(frames, chosen))))


def test_rows_go_with_their_faces_and_one_person_stays_close(sample: Path) -> None:
    chosen, embedded = _embed(sample / "happy.mp4")
    np.testing.assert_array_equal(embedded.times, chosen.times)
    assert embedded.values.shape == (len(chosen), 128)
    _, mirrored = _embed(sample / "table.mp4")
    distances = np.linalg.norm(embedded.values[:, None] - mirrored.values[None], axis=2)
    assert distances.max() < 0.6


def test_two_people_are_far_apart(media: Path) -> None:
    one, other = (_embed(media / "talking" / name)[1] for name in ("grid-bbaf2n.mpg", "grid-lrwp9a.mpg"))
    distances = np.linalg.norm(one.values[:, None] - other.values[None], axis=2)
    assert distances.min() > 0.5
