"""The proof of the clock: where a flash and a beep are after everything between the file and the store."""

import re
from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import pytest
from clips import beep_onset, frame_number
from clock_clips import CLIPS, Truth

from trimodal.corpus import read_corpus
from trimodal.extract.plan import make_plan
from trimodal.extract.track_file import read_track
from trimodal.pipeline import RunReport, run
from trimodal.recipe import parse_recipe
from trimodal.store import FeatureStore

MS = 1e-3
RATE = 16_000
RECIPE = parse_recipe(
    """
    tracks:
      frames: {extractor: frame_crop, size_pixels: 48, colour: grey}
      sound: {extractor: waveform, length_seconds: 5, windows: {length_seconds: 5, hop_seconds: 5, tail: partial}}
    align:
      frames: {tracks: [frames], timeline: none}
      sound: {tracks: [sound], timeline: none}
    """,
    "clock.yaml",
)
REAL = ("vfr", "audio_late_1500ms", "video_late_1500ms")

Rows = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Times and values of the frames and of the sound."""


def processed(paths: list[Path], folder: Path) -> RunReport:
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(["recording,media", *(f"{path.name},{path}" for path in paths)]))
    report = run(read_corpus(manifest), RECIPE, folder / "clock.store")
    assert report.extraction.failures == ()
    return report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("clock")
    return processed([clip.write(folder / name) for name, clip in CLIPS.items()], folder)


def in_tracks(report: RunReport, recording: str) -> Rows:
    tracks = next(done for done in report.extraction.recordings if done.recording == recording)
    plan = make_plan(RECIPE.tracks)
    found = {track.name: read_track(tracks.paths[track.name], track.schema) for track in plan.tracks}
    return {name: (track.times, track.values) for name, track in found.items()}


def in_store(report: RunReport, recording: str) -> Rows:
    store = FeatureStore(report.store)
    number = list(store.segments["recording"]).index(recording)
    found = {name: store.rows(name, number) for name in store.outputs}
    return {name: (rows.times, rows.values) for name, rows in found.items()}


def check(rows: Rows, truth: Truth) -> None:
    times, pictures = rows["frames"]
    assert [frame_number(picture) for picture in pictures] == truth.numbers.tolist()
    np.testing.assert_allclose(times[:, 0], truth.starts, atol=MS)
    np.testing.assert_array_equal(times[:-1, 1], times[1:, 0])
    (flash,) = np.flatnonzero(pictures[:, -8:].mean(axis=(1, 2)) > 150)
    assert times[flash, 0] <= truth.flash_seconds < times[flash, 1]
    (((start, end),), (samples,)) = rows["sound"]
    assert beep_onset(samples, RATE, start) == pytest.approx(truth.beep_seconds, abs=MS)
    assert end > truth.beep_seconds + 0.1
    assert min(times[0, 0], start) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("name", CLIPS)
def test_flash_and_beep_in_the_tracks(name: str, report: RunReport) -> None:
    check(in_tracks(report, name), CLIPS[name].truth())


@pytest.mark.parametrize("name", CLIPS)
def test_flash_and_beep_in_the_store(name: str, report: RunReport) -> None:
    check(in_store(report, name), CLIPS[name].truth())


@pytest.fixture(scope="module")
def real_report(media: Path, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    return processed([media / "odd" / f"{name}.mp4" for name in REAL], tmp_path_factory.mktemp("real_clock"))


@pytest.mark.parametrize("name", REAL)
def test_real_frames_are_where_their_packets_say(name: str, media: Path, real_report: RunReport) -> None:
    path = media / "odd" / f"{name}.mp4"
    packets: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is not None:
                packets[packet.stream.type].append(float(packet.pts * packet.time_base))
    zero = min(min(times) for times in packets.values())
    rows = in_store(real_report, path.name)
    np.testing.assert_allclose(rows["frames"][0][:, 0], np.sort(packets["video"]) - zero, atol=1e-9)
    assert rows["sound"][0][0, 0] == pytest.approx(min(packets["audio"]) - zero, abs=1e-9)


def test_the_documentation_has_every_clip() -> None:
    page = (Path(__file__).parents[2] / "docs" / "clock.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w[\w.]*)` ", page, re.MULTILINE) == [*CLIPS, *(f"{name}.mp4" for name in REAL)]
