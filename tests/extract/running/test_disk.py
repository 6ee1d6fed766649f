import shutil
from pathlib import Path

import pytest

from trimodal.errors import TrackError
from trimodal.extract.running.disk import Forecast


def test_what_is_still_to_come(tmp_path: Path) -> None:
    forecast = Forecast(tmp_path, 1000.0)
    assert forecast.add(30.0, 300) is None
    assert forecast.add(30.0, 300) == 9400
    assert forecast.add(10.0, 0) is None


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2 * 10**9))
    forecast = Forecast(tmp_path, 1000.0)
    with pytest.raises(TrackError, match=r"about 2\.8 GB of tracks are still to come and 2\.0 GB are free; make room"):
        forecast.add(100.0, 3 * 10**8 + 10**7)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    with pytest.raises(TrackError, match=r"and 0\.0 GB are free"):
        Forecast(tmp_path, 0.0).check()
