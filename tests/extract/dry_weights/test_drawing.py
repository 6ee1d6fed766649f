import torch

from trimodal.extract.dry_weights.drawing import same_draws


def test_draws_are_the_same_and_those_of_the_caller_go_on() -> None:
    torch.manual_seed(7)
    expected = torch.rand(2)
    torch.manual_seed(7)
    with same_draws():
        inside = torch.rand(3)
    assert torch.equal(torch.rand(2), expected)
    with same_draws():
        assert torch.equal(torch.rand(3), inside)
