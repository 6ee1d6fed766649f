import pytest

from trimodal import errors
from trimodal.errors import MissingPackageError, ParameterError, TrimodalError, did_you_mean, require_packages


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("pol", ["tracks", "pool"], "did you mean 'pool'?"),
        ("pool", ["pool"], "did you mean 'pool'?"),
        ("x", ["tracks", "pool"], "known: pool, tracks"),
        ("", ["b", "a"], "known: a, b"),
    ],
)
def test_did_you_mean(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, iter(known)) == hint


def test_missing_packages_name_the_extra() -> None:
    message = r"faces needs the package 'no_such_module', which is not installed; pip install 'trimodal\[video\]'"
    with pytest.raises(MissingPackageError, match=message):
        require_packages("faces", ["numpy", "no_such_module"], "video")


def test_installed_packages_pass() -> None:
    require_packages("faces", ["numpy"], "video")


def test_every_error_is_a_trimodal_error() -> None:
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(found) >= 10
    assert all(issubclass(error, TrimodalError) for error in found)
    assert issubclass(ParameterError, ValueError)
