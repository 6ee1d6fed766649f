import numpy as np
import pytest
import torch

from trimodal.extract.torch_linear import prepare_linear_layers
from trimodal.extract.torch_precision import multiplying_in


def _network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(40, 30), torch.nn.GELU(), torch.nn.LayerNorm(30), torch.nn.Linear(30, 7, bias=False)
    )


@pytest.mark.parametrize("shape", [(1, 40), (5, 40), (3, 1, 40), (2, 6, 40)])
def test_results_differ_by_rounding(shape: tuple[int, ...]) -> None:
    own, prepared = _network(), _network()
    prepare_linear_layers(prepared, "float32", "cpu")
    values = torch.randn(shape)
    with torch.inference_mode():
        np.testing.assert_allclose(prepared(values), own(values), atol=1e-6)


def test_half_precision_is_that_of_autocast() -> None:
    own, prepared = _network(), _network()
    prepare_linear_layers(prepared, "bfloat16", "cpu")
    values = torch.randn(9, 40)
    with torch.inference_mode(), multiplying_in("bfloat16", "cpu"):
        assert torch.equal(prepared(values), own(values))
    assert prepared[0].weight.dtype == torch.bfloat16
    assert prepared[2].weight.dtype == torch.float32


def test_without_onednn_torch_multiplies_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    own, prepared = _network(), _network()
    prepare_linear_layers(prepared, "float32", "cpu")
    values = torch.randn(9, 40)
    assert torch.equal(prepared(values), own(values))
