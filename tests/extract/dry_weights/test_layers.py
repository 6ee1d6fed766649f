import pytest

from trimodal.errors import ParameterError
from trimodal.extract.dry_weights.layers import counted, ranked


def test_layers_are_counted_from_the_embeddings() -> None:
    assert counted((-1, 0, 3, -13), 12) == (12, 0, 3, 0)
    with pytest.raises(ParameterError, match="layers must be from -13 to 12, found 13"):
        counted((13,), 12)


def test_a_stand_in_has_only_the_layers_that_are_read() -> None:
    assert ranked((-1,), 12) == (1,)
    assert ranked((0,), 12) == (0,)
    assert ranked((-4, -3, -2, -1), 12) == (1, 2, 3, 4)
    assert ranked((12, 0, 6, -1), 12) == (2, 0, 1, 2)
