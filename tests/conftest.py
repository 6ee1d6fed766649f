from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("trimodal", deadline=None)  # a loaded machine must not fail a test
settings.load_profile("trimodal")

_MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"


@pytest.fixture(scope="session")
def media() -> Path:
    """Folder of real clips; tests that need them are skipped where it is absent."""
    if not _MEDIA.is_dir():
        pytest.skip(f"the real clips are not at {_MEDIA}")
    return _MEDIA


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample corpus."""
    from trimodal.sample import write_sample

    folder = tmp_path_factory.mktemp("sample") / "corpus"
    write_sample(folder)
    return folder
