import shutil
from pathlib import Path

import pytest

from trimodal.errors import StoppedError, TrackError
from trimodal.extract.running.disk import Estimate, Forecast, check_room


def test_what_is_still_to_come(tmp_path: Path) -> None:
    forecast = Forecast(_estimate(0.0, 0.0, seconds=1000.0), tmp_path, None)
    assert forecast.add(30.0, 300) is None
    assert forecast.add(30.0, 300) == 9400
    assert forecast.add(10.0, 0) is None


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2 * 10**9))
    forecast = Forecast(_estimate(0.0, 0.0, seconds=1000.0), tmp_path, None)
    with pytest.raises(StoppedError, match=r"about 2\.8 GB of tracks are to come and 2\.0 GB are free; make room"):
        forecast.add(100.0, 3 * 10**8 + 10**7)
    # What is in the work folder meanwhile, and the store, need room, too.
    for sound, store, place in ((0.2e9, 0.0, None), (0.0, 0.2e9, tmp_path / "s")):
        estimate = _estimate(9e9, store, sound, seconds=1000.0)
        assert Forecast(estimate, tmp_path, place).add(100.0, 19 * 10**7) == 171 * 10**7
        with pytest.raises(
            StoppedError, match=r"1\.9 GB of tracks and 200\.0 MB of (sound meanwhile|store) are to come"
        ):
            Forecast(estimate, tmp_path, place).add(100.0, 21 * 10**7)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10**7))
    expected = (
        r"about 0\.0 MB of tracks are to come and 10\.0 MB are free \(16\.8 MB must be\); make room and run the same"
    )
    with pytest.raises(StoppedError, match=expected):
        Forecast(_estimate(0.0, 0.0), tmp_path, None).check()
    with pytest.raises(
        TrackError, match=r"0\.0 MB of tracks are to come and 10\.0 MB are free \(16\.8 MB must be\); make"
    ):
        check_room(_estimate(0.0, 0.0), tmp_path, None)


def _estimate(tracks: float, store: float, sound: float = 0.0, seconds: float = 1.0) -> Estimate:
    return Estimate(tracks_bytes=tracks, sound_bytes=sound, store_bytes=store, media_seconds=seconds)


def test_half_of_the_estimate_has_to_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2 * 10**9))
    store = tmp_path / "not" / "there"
    assert check_room(_estimate(3e9, 0.9e9), tmp_path, store) == 2 * 10**9
    assert check_room(_estimate(3.9e9, 9e9), tmp_path, None) == 2 * 10**9
    with pytest.raises(TrackError, match=r"about 3\.0 GB of tracks and 1\.2 GB of store are to come and 2\.0 GB"):
        check_room(_estimate(3e9, 1.2e9), tmp_path, store)
    with pytest.raises(TrackError, match=r"about 4\.1 GB of tracks are to come and 2\.0 GB are free; make room"):
        check_room(_estimate(4.1e9, 0.0), tmp_path, None)


def test_store_and_tracks_on_different_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one file system here")
    usage = shutil.disk_usage(tmp_path)
    free = {tmp_path: 2 * 10**9, other: 10**9}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free[path]))
    assert check_room(_estimate(3e9, 1.5e9), tmp_path, other / "s") == 2 * 10**9
    with pytest.raises(TrackError, match=r"^/dev/shm: about 3\.0 GB of tracks and 2\.5 GB of store are to come"):
        check_room(_estimate(3e9, 2.5e9), tmp_path, other / "s")
