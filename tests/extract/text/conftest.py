import json
import shutil
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


@pytest.fixture(scope="session")
def chinese_ctc(tone_ctc: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, which writes its four tones as characters."""
    folder = tmp_path_factory.mktemp("characters") / "model"
    shutil.copytree(tone_ctc, folder)
    written = dict(zip("abcd", "你好世界", strict=True))
    vocabulary = json.loads((folder / "vocab.json").read_text())
    (folder / "vocab.json").write_text(json.dumps({written.get(one, one): at for one, at in vocabulary.items()}))
    return folder
