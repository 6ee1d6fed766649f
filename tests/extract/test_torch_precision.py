import pytest
import torch

from trimodal.errors import ParameterError
from trimodal.extract.torch_precision import multiplying_in


@pytest.mark.parametrize(("precision", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_multiplies_in(precision: str, expected: torch.dtype) -> None:
    with multiplying_in(precision, "cpu"):  # type: ignore[arg-type]
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected


def test_float16_needs_a_gpu() -> None:
    with pytest.raises(ParameterError, match="float16 needs a GPU, found the device 'cpu'; take float32, or give cuda"):
        multiplying_in("float16", "cpu")
