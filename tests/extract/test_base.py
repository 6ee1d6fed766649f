import pytest

from trimodal.errors import UsageError
from trimodal.extract import Execution


def test_the_processor_is_always_there() -> None:
    assert Execution().device == "cpu"


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("gpu", "no device is called 'gpu'; expected cpu, cuda or cuda:1"),
        ("cuda:99", r"the device 'cuda:99' is not there: torch finds \d+ GPUs; use cpu"),
        ("", "no device is called ''"),
    ],
)
def test_a_device_that_is_not_there_is_named(device: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Execution(device=device)
