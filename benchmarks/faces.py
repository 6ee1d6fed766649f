"""Face detection and tracking against decoding alone and MTCNN on every frame: run python benchmarks/faces.py [FOLDER].

FOLDER holds clips; without one the sample corpus is used. One thread. A face of the per-frame detector counts as kept
if a tracked one overlaps it with an IoU of at least 0.7.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data
from facenet_pytorch import MTCNN

from trimodal.extract.threads import one_thread
from trimodal.extract.video.detectors.base import iou
from trimodal.extract.video.dlib_face import describe_all
from trimodal.extract.video.faces import Faces
from trimodal.media import MEDIA_SUFFIXES, Frames, Sampling, probe, read_frames
from trimodal.sample import write_sample
from trimodal.track import concatenate

CONFIDENCE = 0.9
SAMPLING = Sampling(fps=25)


def main(folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        if folder is None:
            folder = Path(scratch) / "sample"
            write_sample(folder)
        clips = sorted(path for path in folder.iterdir() if path.suffix.lower() in MEDIA_SUFFIXES)
        clips.append(make_720p(Path(scratch) / "generated-720p.mp4"))
        with one_thread({"torch", "cv2"}):
            compare(clips)
            embed(clips[-1])


def compare(clips: list[Path]) -> None:
    """Print, clip by clip and in all, milliseconds a frame and the faces kept."""
    naive = MTCNN(keep_all=True)
    naive.detect(np.zeros((90, 90, 3), np.uint8))
    list(Faces().extract(iter([Frames(times=np.array([[0.0, 0.1]]), pixels=np.zeros((1, 90, 90, 3), np.uint8))])))
    print(f"{'clip':28}{'frames':>7}{'decode':>8}{'MTCNN':>8}{'ours':>8}   ms a frame   {'ratio':>6}  kept")
    totals = np.zeros(6)
    for clip in clips:
        info = probe(clip)
        read = partial(read_frames, clip, info, SAMPLING)
        decode, batches = timed(lambda read=read: sum(len(batch.pixels) for batch in read()))
        per_frame, expected = timed(
            lambda read=read: [_detect(naive, image) for batch in read() for image in batch.pixels]
        )
        faces = Faces(sampling=SAMPLING)
        ours, pieces = timed(lambda read=read, faces=faces: list(faces.extract(read())))
        track = concatenate(faces.schema, pieces)
        starts = [start for batch in read() for start in batch.times[:, 0]]
        kept = sum(_kept(boxes, track, start) for boxes, start in zip(expected, starts, strict=True))
        row = np.array([batches, decode, per_frame, ours, kept, sum(len(boxes) for boxes in expected)])
        totals += row
        _print(clip.name, row)
    _print("all", totals)


def embed(clip: Path) -> None:
    """Print how long dlib's descriptor takes in dlib and in torch."""
    import dlib

    from trimodal.extract.video.dlib_box import square
    from trimodal.extract.video.dlib_face import describer_weights

    info = probe(clip)
    (batch, *_) = read_frames(clip, info, Sampling())
    boxes = [_detect(MTCNN(keep_all=True), image)[0] for image in batch.pixels]
    weights = {name: str(path) for name, path in describer_weights().items()}
    predictor, network = (
        dlib.shape_predictor(weights["landmarks5"]),
        dlib.face_recognition_model_v1(weights["descriptor"]),
    )

    def in_dlib() -> np.ndarray:
        shapes = [predictor(image, square(box)) for image, box in zip(batch.pixels, boxes, strict=True)]
        chips = [dlib.get_face_chip(image, shape, 150, 0.25) for image, shape in zip(batch.pixels, shapes, strict=True)]
        return np.array(network.compute_face_descriptor(chips))

    describe_all(list(batch.pixels), boxes, "cpu")
    one, expected = timed(in_dlib)
    other, found = timed(lambda: describe_all(list(batch.pixels), boxes, "cpu"))
    error = np.abs(expected - found).max()
    count = len(boxes)
    print(
        f"dlib's descriptor, {count} faces: dlib {one / count * 1e3:.1f} ms a face, torch {other / count * 1e3:.1f},",
        end=" ",
    )
    print(f"ratio {one / other:.1f}, largest difference of a number {error:.1e}")


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return the seconds that work takes, and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def make_720p(path: Path) -> Path:
    """Write four seconds of a face that moves about a picture of 1280 x 720."""
    portrait = skimage.data.astronaut()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for number in range(100):
            angle = number / 12
            place = cv2.getRotationMatrix2D((256, 256), 5 * np.sin(angle), 1 + 0.2 * np.sin(angle / 2))
            place[:, 2] += (384 + 200 * np.sin(angle), 104 + 60 * np.cos(angle))
            picture = cv2.warpAffine(portrait, place, (1280, 720), borderValue=(90, 110, 90))
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _detect(detector: MTCNN, image: np.ndarray) -> np.ndarray:
    boxes, confidence = detector.detect(image)
    return np.zeros((0, 4), np.float32) if boxes is None else np.asarray(boxes[confidence >= CONFIDENCE], np.float32)


def _kept(expected: np.ndarray, track: object, start: float) -> int:
    rows = np.abs(track.times[:, 0] - start) < 1e-6
    if not len(expected) or not rows.any():
        return 0
    return int((iou(expected, track.fields["box"][rows]).max(axis=1) >= 0.7).sum())


def _print(name: str, row: np.ndarray) -> None:
    frames, decode, per_frame, ours, kept, faces = row
    milliseconds = [1e3 * seconds / frames for seconds in (decode, per_frame, ours)]
    print(f"{name[:27]:28}{frames:7.0f}" + "".join(f"{value:8.1f}" for value in milliseconds), end=" " * 16)
    print(f"{per_frame / ours:6.1f}  {kept:.0f}/{faces:.0f} = {kept / max(faces, 1):.1%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
