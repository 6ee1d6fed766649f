import numpy as np
import skimage.data

from trimodal.extract.video.shots import ShotCuts

ASTRONAUT = skimage.data.astronaut()
COFFEE = skimage.data.coffee()[:360, :480]


def _begins(images: list[np.ndarray]) -> list[int]:
    cuts = ShotCuts()
    return [number for number, image in enumerate(images) if cuts.begins_at(image)]


def test_the_first_frame_begins_a_shot_and_stillness_none() -> None:
    assert _begins([ASTRONAUT] * 5) == [0]


def test_another_picture_begins_a_shot() -> None:
    assert _begins([ASTRONAUT] * 4 + [COFFEE] * 3 + [ASTRONAUT] * 2) == [0, 4, 7]


def test_motion_is_no_cut() -> None:
    panning = [np.ascontiguousarray(ASTRONAUT[:360, 10 * n : 10 * n + 400]) for n in range(11)]
    assert _begins(panning) == [0]


def test_a_cut_is_found_in_the_midst_of_motion() -> None:
    panning = [np.ascontiguousarray(ASTRONAUT[:360, 2 * n : 2 * n + 400]) for n in range(10)]
    other = [np.ascontiguousarray(COFFEE[:, 2 * n : 2 * n + 400]) for n in range(10)]
    assert _begins([*panning, *other]) == [0, 10]
