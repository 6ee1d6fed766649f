import pytest

from trimodal.errors import MissingPackageError, RecipeError
from trimodal.extract import Extractor
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.extract.audio.praat import Praat
from trimodal.extract.audio.voice_quality import VoiceQuality
from trimodal.extract.plan import check_needs, make_plan
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_crop import FaceCrop
from trimodal.extract.video.faces import Faces


def test_tracks_come_after_those_they_need() -> None:
    plan = make_plan({"crop": FaceCrop(faces="face"), "face": FaceChoice(faces="all"), "all": Faces(), "mfcc": Mfcc()})
    assert [track.name for track in plan.tracks] == ["all", "face", "crop", "mfcc"]
    assert plan.track("face").extractor == FaceChoice(faces="all")


def test_names_do_not_count_and_parameters_of_needed_tracks_do() -> None:
    one = make_plan({"faces": Faces(), "face": FaceChoice()}).track("face")
    renamed = make_plan({"all": Faces(), "face": FaceChoice(faces="all")}).track("face")
    other = make_plan({"faces": Faces(minimum_face_pixels=60), "face": FaceChoice()}).track("face")
    assert one.fingerprint == renamed.fingerprint != other.fingerprint


def test_a_missing_track_is_named_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"track 'face' needs the track 'fases', .*; did you mean 'faces'"):
        check_needs({"faces": Faces(), "face": FaceChoice(faces="fases")})


def test_a_circle_is_shown() -> None:
    with pytest.raises(RecipeError, match="track 'a' needs itself: a -> b -> a"):
        check_needs({"a": FaceChoice(faces="b"), "b": FaceChoice(faces="a")})


@pytest.mark.parametrize(
    ("extractor", "extra"),
    [(Mfcc(), "extract"), (Praat(measure="pitch"), "praat"), (VoiceQuality(intervals="m"), "praat")],
)
def test_a_missing_package_names_the_extra(extractor: Extractor, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(extractor), "packages", ("no_such_package",))
    message = rf"track 'm' \(\w+\) needs the package 'no_such_package', .*; pip install 'trimodal\[{extra}\]'"
    with pytest.raises(MissingPackageError, match=message):
        make_plan({"m": extractor})
