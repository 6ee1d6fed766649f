import os
import pty
import subprocess
import sys

import pytest

from trimodal.extract.recording import Failure
from trimodal.progress import Progress

FAILED = Failure(recording="a", track="", reason="no luck", details="")

SCRIPT = """
from trimodal.extract.recording import Failure
from trimodal.progress import Progress
with Progress(2, quiet=False) as progress:
    for _ in range(2):
        progress.done(Failure(recording="a", track="", reason="no luck", details=""))
"""


def test_a_terminal_shows_a_bar_and_no_lines() -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", SCRIPT], stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "2/2" in shown
    assert "recordings" not in shown


def test_elsewhere_the_last_recording_makes_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(2, quiet=False) as progress:
        progress.done(FAILED)
        progress.done(FAILED)
    assert capsys.readouterr().err == "2/2 recordings, 0.0 x real time, about 0 s left\n"


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(1, quiet=True) as progress:
        progress.done(FAILED)
    assert capsys.readouterr() == ("", "")
