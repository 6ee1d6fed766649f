from pathlib import Path

import numpy as np
from clips import numbered_frame

from trimodal.extract.video.openface import OpenFace
from trimodal.media import Frames
from trimodal.track import Track, concatenate


def _run(openface: OpenFace) -> Track:
    times = np.array([[0.0, 0.1], [0.1, 0.2], [0.2, 0.3]])
    batches = [
        Frames(pixels=np.stack([numbered_frame(0), numbered_frame(1)]), times=times[:2]),
        Frames(pixels=np.stack([numbered_frame(1)]), times=times[2:]),
    ]
    return concatenate(openface.schema, list(openface.extract(iter(batches))))


def test_a_face_in_every_picture_whose_numbers_follow_from_it(tmp_path: Path) -> None:
    openface = OpenFace(groups=("pose", "gaze", "landmarks", "action_units")).with_dry_weights(tmp_path)
    track = _run(openface)
    assert track.schema == OpenFace(groups=("pose", "gaze", "landmarks", "action_units")).schema
    np.testing.assert_array_equal(track.times[:, 0], [0.0, 0.1, 0.2])
    np.testing.assert_array_equal(track.values[1], track.values[2])
    assert (track.values[0] != track.values[1]).any()
    occurs = [name.endswith("_c") for name in track.schema["values"].columns]
    assert set(np.unique(track.values[:, occurs])) == {0.0, 1.0}
