from collections.abc import Iterator
from pathlib import Path

import pytest
from recognition_models import save_tone_ctc

from trimodal.extract import threads


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Small networks are faster so, above all beside other tests."""
    with threads.one_thread(["torch"]):
        yield


@pytest.fixture(scope="session")
def tone_ctc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a CTC head that hears tones."""
    with threads.one_thread(["torch"]):
        return save_tone_ctc(tmp_path_factory.mktemp("tones") / "model")
