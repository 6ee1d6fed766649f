import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from trimodal.extract.audio.librosa_import import import_librosa


def _start(cache: Path) -> "subprocess.Popen[str]":
    """A process that calls a function of librosa's that must be compiled."""
    script = (
        f"import numba; numba.config.CACHE_DIR = {str(cache)!r}\n"
        "from trimodal.extract.audio.librosa_import import import_librosa\n"
        "print(import_librosa().util.localmax(__import__('numpy').array([0.0, 1.0, 0.0])))"
    )
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that two processes filled, which were started together."""
    cache = tmp_path_factory.mktemp("numba")
    for process in [_start(cache), _start(cache)]:
        _called(process)
    return cache


def _called(process: "subprocess.Popen[str]") -> None:
    assert process.communicate(timeout=300)[0] == "[False  True False]\n"
    assert process.returncode == 0  # less than zero after a segmentation fault


def test_processes_that_start_together_leave_functions_that_can_be_called(compiled: Path):
    _called(_start(compiled))


def test_a_process_waits_while_another_one_compiles(compiled: Path):
    (mark,) = compiled.glob("trimodal-*.compiled")
    with FileLock(compiled / "trimodal.lock"):
        mark.unlink()
        process = _start(compiled)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        assert not mark.exists()
    _called(process)
    assert mark.exists()


def test_nobody_waits_for_what_is_compiled(compiled: Path):
    with FileLock(compiled / "trimodal.lock"):
        _called(_start(compiled))


def test_one_module_for_all():
    assert import_librosa() is sys.modules["librosa"]
