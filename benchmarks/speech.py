"""Speech models window by window against a naive loop: run python benchmarks/speech.py.

The model has the size of wav2vec2-base and random weights, so the seconds are those of a trained one, but not the
differences: attention that was never trained is spread over everything. One thread; seconds are processor time, so that
other work on the machine counts little.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers.utils import logging

from trimodal.extract.audio.speech_embedding import SpeechEmbedding
from trimodal.extract.audio.speech_model import SpeechModel
from trimodal.extract.threads import one_thread
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.sample import write_sample
from trimodal.track import Track, concatenate
from trimodal.windows import Windows

RATE = 16_000
SECONDS = 60
WINDOWS = Windows(length_seconds=2.0, hop_seconds=1.0)


def main() -> None:
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch, one_thread({"torch"}):
        base = save(Path(scratch) / "base", transformers.Wav2Vec2Config())
        tiny_sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
        tiny = save(
            Path(scratch) / "tiny",
            transformers.Wav2Vec2Config(**tiny_sizes, conv_dim=(16,) * 7, num_conv_pos_embedding_groups=2),
        )
        sound = speech(Path(scratch))
        memory(tiny, Path(scratch))
        windows(base, sound)
        chunks(base, sound)


def windows(model: Path, sound: Audio) -> None:
    """Print what one vector for every window costs."""
    spans = WINDOWS.times(sound.start_seconds, sound.end_seconds)
    length, hop = WINDOWS.length_seconds, WINDOWS.hop_seconds
    print(f"\n{len(spans)} windows of {length:g} s every {hop:g} s: seconds per minute of sound, and the ratio")
    features = transformers.AutoFeatureExtractor.from_pretrained(model)
    network = transformers.AutoModel.from_pretrained(model).eval()

    def loop() -> np.ndarray:
        vectors = []
        for start, end in spans:
            values = features(sound.between(start, end).samples, sampling_rate=RATE, return_tensors="pt").input_values
            with torch.inference_mode():
                vectors.append(network(values).last_hidden_state.mean(dim=1)[0].numpy())
        return np.stack(vectors)

    loop_seconds, expected = timed(loop)
    print(f"{'a loop over the windows':44}{loop_seconds:7.1f}{1:6.2f}")
    for context in ("alone", "recording"):
        exact = None
        for precision in ("float32", "bfloat16"):
            extractor = SpeechEmbedding(model=str(model), windows=WINDOWS, context=context, precision=precision)
            seconds, track = timed(lambda extractor=extractor: joined(extractor, extractor.extract(sound, spans)))
            exact = (expected if context == "alone" else track.values) if exact is None else exact
            line = f"context: {context}, {precision}"
            print(f"{line:44}{seconds:7.1f}{loop_seconds / seconds:6.2f}   differs by {error(track.values, exact):.1e}")


def chunks(model: Path, sound: Audio) -> None:
    """Print what chunks and their context cost, and how far their frames are from those of the sound as a whole."""
    print(f"\nframes of {SECONDS} s: seconds per minute of sound")
    whole_seconds, whole = frames(model, sound, chunk_seconds=SECONDS + 1.0)
    print(f"{'whole':44}{whole_seconds:7.1f}")
    plans = [(10.0, 2.0), (20.0, 0.0), (20.0, 1.0), (20.0, 2.0), (20.0, 4.0), (30.0, 2.0)]
    for chunk_seconds, context_seconds in plans:
        seconds, values = frames(model, sound, chunk_seconds=chunk_seconds, context_seconds=context_seconds)
        line = f"chunks of {chunk_seconds:g} s, context of {context_seconds:g} s"
        print(f"{line:44}{seconds:7.1f}   differs by {error(values, whole):.1e}")


def frames(model: Path, sound: Audio, **parameters: float) -> tuple[float, np.ndarray]:
    extractor = SpeechModel(model=str(model), **parameters)
    seconds, track = timed(lambda: joined(extractor, extractor.extract(sound)))
    return seconds, track.values


def memory(model: Path, folder: Path) -> None:
    """Print how much memory of its own the process takes at most for short and for long sound."""
    if sys.platform != "linux":
        return
    print("memory with a tiny model, MiB at most")
    for minutes in (1, 5, 20):
        path = folder / f"{minutes}.f32"
        noise = np.random.default_rng(0).normal(size=RATE * 60).astype(np.float32) * 0.1
        with path.open("wb") as file:
            for _ in range(minutes):
                file.write(noise.tobytes())
        sound = Audio(samples=np.memmap(path, np.float32, "r"), rate=RATE, start_seconds=0.0)
        extractor = SpeechModel(model=str(model))
        print(f"{minutes:3} minutes {max(own_memory() for _ in extractor.extract(sound)):6.0f}")


def own_memory() -> float:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return float(status["RssAnon"].split()[0]) / 1024


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference of a vector, relative to its length."""
    return float((np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)).max())


def joined(extractor: SpeechModel | SpeechEmbedding, pieces: Iterator[Track]) -> Track:
    return concatenate(extractor.schema, list(pieces))


def timed(work: Callable[[], Track | np.ndarray]) -> tuple[float, Track | np.ndarray]:
    """Return the seconds of processor time that work takes per minute of sound, and its result."""
    started = time.process_time()
    result = work()
    return (time.process_time() - started) / SECONDS * 60, result


def save(folder: Path, config: transformers.Wav2Vec2Config) -> Path:
    torch.manual_seed(0)
    transformers.Wav2Vec2Model(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def speech(folder: Path) -> Audio:
    """Return the sample corpus's sounds, one after the other and again until there is enough."""
    write_sample(folder / "sample")
    clips = sorted((folder / "sample").glob("*.mp4"))
    sounds = [read_audio(clip, probe(clip), AudioSelection()) for clip in clips]
    samples = np.concatenate([sound.samples for sound in sounds if sound is not None])
    return Audio(samples=np.resize(samples, RATE * SECONDS), rate=RATE, start_seconds=0.0)


if __name__ == "__main__":
    main()
