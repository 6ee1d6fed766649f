"""Writes the table into docs/clock.md: run python docs/draw_clock_table.py [FOLDER WITH THE REAL CLIPS].

The clips are those of tests/media/test_clock.py. Errors are the worst of all frames, and that of the beep's first
sample, in milliseconds; beside them stand those of the usual way, which takes frame n to be at n / (average frame rate)
and sample n at n / (sample rate).
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from trimodal.media import Sampling, probe, read_audio, read_frames

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from clips import beep_onset  # noqa: E402
from clock_clips import CLIPS  # noqa: E402

PAGE = Path(__file__).with_name("clock.md")
REAL = ("vfr.mp4", "audio_late_1500ms.mp4", "video_late_1500ms.mp4")
HEAD = """| clip | frames | index / fps | sound | index / rate |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Found:
    """Times of the frames, shape (n,), and of the sound, in seconds."""

    frames: np.ndarray
    sound: float


def main() -> None:
    """Measure every clip and replace the table in the page."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, clip in CLIPS.items():
            path, truth = clip.write(Path(folder) / name), clip.truth()
            rows.append(row(name, path, Found(truth.starts, truth.beep_seconds), of_beep=True))
    real = Path(sys.argv[1]) if len(sys.argv) > 1 else TESTS.parents[1] / "shared" / "media" / "odd"
    rows += [row(name, real / name, of_packets(real / name), of_beep=False) for name in REAL if (real / name).is_file()]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
    after = rest.split("\n\n", 1)[1]
    PAGE.write_text(f"{before}{HEAD}" + "\n".join(rows) + f"\n\n{after}", encoding="utf-8")


def row(name: str, path: Path, truth: Found, of_beep: bool) -> str:
    """Return a clip's line of the table; of sound without a beep the start counts."""
    errors = []
    for found in (here(path, of_beep), by_index(path, of_beep)):
        errors.append((np.abs(found.frames - truth.frames).max() * 1e3, abs(found.sound - truth.sound) * 1e3))
    (frames, sound), (frames_by_index, sound_by_index) = errors
    return f"| `{name}` | {frames:.2f} | {frames_by_index:.0f} | {sound:.2f} | {sound_by_index:.0f} |"


def here(path: Path, of_beep: bool) -> Found:
    """Return the times that the library gives."""
    info = probe(path)
    frames = np.concatenate([batch.times[:, 0] for batch in read_frames(path, info, Sampling())])
    audio = read_audio(path, info)
    assert audio is not None
    start = audio.start_seconds
    return Found(frames, beep_onset(audio.samples, audio.rate, start) if of_beep else start)


def by_index(path: Path, of_beep: bool) -> Found:
    """Return the times that counting gives."""
    with av.open(str(path)) as container:
        rate = container.streams.video[0].average_rate
        count = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        decoded = [frame.to_ndarray() for frame in container.decode(audio=0)]
        samples = np.concatenate([block.reshape(-1) for block in decoded]) if of_beep else np.zeros(0)
        if samples.dtype.kind == "i":
            samples = samples / 32768
        hertz = container.streams.audio[0].rate
    return Found(np.arange(count) / float(rate), beep_onset(samples, hertz, 0.0) if of_beep else 0.0)


def of_packets(path: Path) -> Found:
    """Return the times that the packets of a file have, on the clock that starts with the first of them."""
    times: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is not None:
                times[packet.stream.type].append(float(packet.pts * packet.time_base))
    zero = min(min(one) for one in times.values())
    return Found(np.sort(times["video"]) - zero, min(times["audio"]) - zero)


if __name__ == "__main__":
    main()
