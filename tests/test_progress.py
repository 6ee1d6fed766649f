import json
import os
import pty
import subprocess
import sys
from dataclasses import replace

import pytest

from trimodal.extract.recording import Failure
from trimodal.extract.running.disk import Estimate
from trimodal.progress import JsonLog, Progress

ESTIMATE = Estimate(tracks_bytes=1.2e9, sound_bytes=0.0, store_bytes=0.3e9, media_seconds=12_240.0)
FAILED = Failure(recording="a", track="", reason="no luck", details="")

SCRIPT = """
from trimodal.progress import Progress
with Progress() as progress:
    progress.begin("extract", 2, 7200.0)
    progress.done("a", 1800.0)
    progress.done("b", 5400.0)
    progress.end()
"""


def test_a_terminal_shows_a_bar_and_no_lines() -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", SCRIPT], stderr=theirs, check=True, env={**os.environ, "COLUMNS": "200"})
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "2/2 recordings, 2.0 of 2.0 h" in shown
    assert "left" not in shown


def test_elsewhere_the_last_recording_of_a_stage_makes_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.begin("probe", 2, 0.0)
        progress.done("a", 0.0)
        progress.done("b", 17.3)
        progress.estimate(ESTIMATE, 51 * 10**9)
        progress.estimate(replace(ESTIMATE, store_bytes=0.0), 51 * 10**9)
        progress.begin("extract", 1, 1800.0)
        progress.done("a", 1800.0, FAILED)
        progress.forecast(2_000_000)
        progress.forecast(1_000_000)
    probed, estimated, without_store, extracted, room = capsys.readouterr().err.splitlines()
    assert probed == "probe: 2/2 recordings, 17.3 s found, about 0 s left"
    assert extracted.startswith("extract: 1/1 recordings, 30.0 of 30.0 min, ")
    assert extracted.endswith(" x real time, about 0 s left")
    assert estimated == "about 1.2 GB of tracks and 300.0 MB of store for 3.40 h; 51.0 GB free"
    assert without_store == "about 1.2 GB of tracks for 3.40 h; 51.0 GB free"
    assert room == "about 2.0 MB of tracks are still to come"


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonLog() as log:
        log.estimate(ESTIMATE, 7)
        log.begin("extract", 1, 60.0)
        log.done("a", 60.0, FAILED)
        log.forecast(5)
        log.end()
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.err.splitlines()]
    assert [line["event"] for line in lines] == ["estimate", "begin", "failed", "forecast", "end"]
    assert lines[0]["tracks_bytes"] == 1.2e9
    assert lines[0]["free_bytes"] == 7
    assert lines[2]["reason"] == "no luck"
    assert {line["stage"] for line in lines[1:]} == {"extract"}
