"""Forced alignment against known word times, and recognition: run python benchmarks/alignment.py [FOLDER].

FOLDER holds ``speech`` and ``talking`` with the clips that are named below; without one the synthesised speech of the
sample corpus is aligned, and nothing else. One thread. Boundaries are the starts and
ends of words; what is not placed counts as wrong by more than 100 ms. Long sounds are these clips one after the other,
compared with what each clip gives by itself.
"""

import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from trimodal.extract.text.agreement import Agreement
from trimodal.extract.text.alignment.letter_to_sound import LetterToSound, dictionary_path
from trimodal.extract.text.alignment.pocketsphinx_aligner import DOUBTFUL, PocketsphinxAligner
from trimodal.extract.text.alignment.timed_words import SAMPLE_RATE, Stretch
from trimodal.extract.text.recognition.recognise import recognise
from trimodal.media import Audio, AudioSelection, Utterance, probe, read_audio, read_transcript
from trimodal.sample import write_sample

GRID = ("bbaf2n", "brbk7n", "lbax4n", "lrwp9a", "sbia1a", "swwp2s")
HELD_OUT = 1000


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A sound and what is said in it."""

    name: str
    audio: Audio
    utterances: tuple[Utterance, ...]

    @property
    def tokens(self) -> list[str]:
        """All words, in order."""
        return [token for utterance in self.utterances for token in utterance.text.split()]

    @property
    def times(self) -> np.ndarray:
        """The given times of the words, shape (n, 2)."""
        words = [word for utterance in self.utterances for word in utterance.words]
        return np.array([(word.start_seconds, word.end_seconds) for word in words])


def main(folder: Path | None) -> None:
    cold_start()
    learn = Stretch(tokens=["zorblax"], samples=np.zeros(SAMPLE_RATE, np.float32), start_seconds=0.0)
    PocketsphinxAligner().align([learn])  # to spell
    if folder is None:
        with tempfile.TemporaryDirectory() as scratch:
            write_sample(Path(scratch))
            clips = [clip(Path(scratch) / "happy.mp4", Path(scratch) / "happy.json")]
            clips.append(clip(Path(scratch) / "angry.mp4", Path(scratch) / "angry.TextGrid"))
            header()
            boundaries("sample corpus, synthesised", clips)
    else:
        recorded(folder / "speech", folder / "talking")
    pronunciations()


def recorded(speech: Path, talking: Path) -> None:
    """Measure all that needs the recordings."""
    grid = {name: clip(talking / f"grid-{name}.mpg", talking / f"grid-{name}.txt") for name in GRID}
    timed = [clip(talking / f"grid-{name}.mpg", talking / f"grid-{name}.align") for name in ("bbaf2n", "swwp2s")]
    acoustic = clip(speech / "acoustic_corpus.wav", speech / "acoustic_corpus.TextGrid")
    curiosity = clip(speech / "had_that_curiosity.wav", speech / "had_that_curiosity.words.json")
    jfk = clip(speech / "jfk.flac", speech / "jfk.txt")
    lines = clip(speech / "sonnet" / "audio.mp3", speech / "sonnet" / "sonnet001.srt")
    plain = replace(lines, name="sonnet", utterances=read_transcript(speech / "sonnet" / "plain.txt"))
    friday = clip(talking / "friday.mp4", talking / "friday.vtt")
    header()
    for name, clips in (("GRID", timed), ("acoustic_corpus", [acoustic]), ("had_that_curiosity", [curiosity])):
        boundaries(name, clips)
    sonnet_lines(plain, lines)
    for repeats in (1, 8):
        long_sound([plain, acoustic, jfk, curiosity], repeats)
    agreement([*grid.values(), jfk, curiosity, lines, friday, acoustic])
    wrong_texts(lines, [acoustic, plain])
    for one in (jfk, curiosity, acoustic):
        recognition(one)


def header() -> None:
    print(f"{'clips':34}{'boundaries':>10}{'median':>8}{'p95':>8}   <= 20 ms  <= 50 ms  <= 100 ms   x real time")


def clip(media: Path, transcript: Path) -> Clip:
    audio = read_audio(media, probe(media), AudioSelection(sample_rate=SAMPLE_RATE))
    assert audio is not None
    return Clip(name=media.stem, audio=audio, utterances=read_transcript(transcript))


def stretch(one: Clip) -> Stretch:
    return Stretch(tokens=one.tokens, samples=one.audio.samples, start_seconds=one.audio.start_seconds)


def boundaries(name: str, clips: list[Clip]) -> None:
    """Print how far the boundaries are from the given ones."""
    started = time.process_time()
    found = PocketsphinxAligner().align([stretch(one) for one in clips])
    seconds = time.process_time() - started
    errors = [
        np.subtract((word.start, word.end), times) if word else (np.inf, np.inf)
        for one, words in zip(clips, found, strict=True)
        for word, times in zip(words, one.times, strict=True)
    ]
    report(name, np.abs(errors).ravel(), sum(len(one.audio.samples) for one in clips) / SAMPLE_RATE / seconds)


def sonnet_lines(plain: Clip, lines: Clip) -> None:
    """Print how far the starts of lines are from the given ones, from a text without times."""
    started = time.process_time()
    (words,) = PocketsphinxAligner().align([stretch(plain)])
    seconds = time.process_time() - started
    firsts = np.cumsum([0, *(len(line.text.split()) for line in lines.utterances)])[:-1]
    starts = [(words[first], line.start_seconds) for first, line in zip(firsts, lines.utterances, strict=True)]
    errors = np.array([abs(word.start - given) if word else np.inf for word, given in starts[1:]])
    report("sonnet, starts of lines", errors, len(plain.audio.samples) / SAMPLE_RATE / seconds)


def long_sound(clips: list[Clip], repeats: int) -> None:
    """Print how far the boundaries in a long sound with one text are from those of the clips by themselves."""
    alone = PocketsphinxAligner().align([stretch(one) for one in clips])
    samples = np.concatenate([one.audio.samples for one in clips] * repeats)
    tokens = [token for one in clips for token in one.tokens] * repeats
    expected = []
    begin = 0.0
    for one, words in list(zip(clips, alone, strict=True)) * repeats:
        shift = begin - one.audio.start_seconds
        expected += [(word.start + shift, word.end + shift) if word else (np.nan, np.nan) for word in words]
        begin += len(one.audio.samples) / SAMPLE_RATE
    started = time.process_time()
    (found,) = PocketsphinxAligner().align([Stretch(tokens=tokens, samples=samples, start_seconds=0.0)])
    seconds = time.process_time() - started
    errors = [
        np.subtract((word.start, word.end), times) if word else (np.inf, np.inf)
        for word, times in zip(found, expected, strict=True)
        if not np.isnan(times[0])
    ]
    report(f"{begin:.0f} s with one text", np.abs(errors).ravel(), begin / seconds)


def report(name: str, errors: np.ndarray, speed: float) -> None:
    shares = "".join(f"{np.mean(errors <= limit + 1e-6):10.0%}" for limit in (0.02, 0.05, 0.1))
    middle, tail = (1e3 * np.percentile(errors, share, method="nearest") for share in (50, 95))
    print(f"{name:34}{len(errors):10}{middle:8.0f}{tail:8.0f} {shares}{speed:12.0f}")


def agreement(clips: list[Clip]) -> None:
    """Print how well right texts are told from texts of another utterance, and from their own words shuffled."""
    said = [(one.audio, utterance) for one in clips for utterance in one.utterances if len(utterance.text.split()) > 1]
    right = [measure(audio, utterance, utterance.text) for audio, utterance in said]
    others = [text.text for _, text in said]
    rng = random.Random(0)
    wrong = [
        measure(audio, utterance, other)
        for audio, utterance in said
        for other in rng.sample(others, 4)
        if other != utterance.text
    ]
    shuffled = [
        measure(audio, utterance, " ".join(rng.sample(utterance.text.split(), len(utterance.text.split()))))
        for audio, utterance in said
    ]
    print(f"\nagreement of {len(right)} utterances: median {np.median(right):.2f}", end=", ")
    print(f"below {DOUBTFUL}: right {np.mean(np.less(right, DOUBTFUL)):.0%}", end=", ")
    print(f"of another {np.mean(np.less(wrong, DOUBTFUL)):.0%}, shuffled {np.mean(np.less(shuffled, DOUBTFUL)):.0%}")
    print(f"area under the curve: of another {area(right, wrong):.3f}, shuffled {area(right, shuffled):.3f}")


def wrong_texts(lines: Clip, whole: list[Clip]) -> None:
    """Print how fast texts are that are not said: lines at the times of others, and texts of another recording."""
    said = lines.utterances
    shifted = [replace(line, text=other.text) for line, other in zip(said, [*said[3:], *said[:3]], strict=True)]
    started = time.process_time()
    Agreement().extract(shifted, lines.audio)
    spoken = sum((line.end_seconds or 0.0) - (line.start_seconds or 0.0) for line in said)
    print(f"lines at the times of others: {spoken / (time.process_time() - started):.0f} x real time", end="")
    for one, other in zip(whole, whole[::-1], strict=True):
        started = time.process_time()
        tokens = other.tokens[: len(one.tokens)]
        PocketsphinxAligner().align([replace(stretch(one), tokens=tokens)])
        seconds = time.process_time() - started
        print(f", text of {other.name} on {one.name}: {len(one.audio.samples) / SAMPLE_RATE / seconds:.0f}", end="")
    print()


def recognition(one: Clip) -> None:
    """Print how many words pocketsphinx recognises wrong without a transcript."""
    heard = [word for line in recognise(one.audio, "pocketsphinx", "", "cpu") for word in line.text.split()]
    said = re.sub(r"[^a-z' ]", "", " ".join(one.tokens).lower()).split()
    wrong = distance(tuple(heard), said)
    print(f"recognition of {one.name}: {wrong} of {len(said)} words wrong ({wrong / len(said):.0%})")


def cold_start() -> None:
    """Print what a new process takes before it aligns."""
    code = "from trimodal.extract.text.alignment.aligners import make_aligner"
    for what, more in (("imports", ""), ("imports and a decoder", "; make_aligner('pocketsphinx', '', 'cpu')")):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code + more], check=True)
        print(f"cold start, {what}: {time.perf_counter() - started:.1f} s")


def measure(audio: Audio, utterance: Utterance, text: str) -> float:
    track = Agreement().extract([replace(utterance, text=text, words=(), **extent(utterance))], audio)
    return float(track.fields["values"][0, 0])


def extent(utterance: Utterance) -> dict[str, float | None]:
    if not utterance.words:
        return {}
    return {"start_seconds": utterance.words[0].start_seconds, "end_seconds": utterance.words[-1].end_seconds}


def area(right: list[float], wrong: list[float]) -> float:
    """Return how often a right text scores higher than a wrong one; equal scores count half."""
    above = np.subtract.outer(right, wrong)
    return float(np.mean((above > 0) + 0.5 * (above == 0)))


def pronunciations() -> None:
    """Print the errors of pronunciations by analogy, of dictionary words that were held out."""
    entries = [line.split() for line in dictionary_path().read_text("utf-8").splitlines()]
    entries = [entry for entry in entries if re.fullmatch(r"[a-z']{1,16}", entry[0]) and 2 <= len(entry) <= 17]
    entries = [entry for entry in entries if len(entry) - 1 <= 2 * len(entry[0])]
    random.Random(0).shuffle(entries)
    held_out, known = entries[:HELD_OUT], entries[HELD_OUT:]
    started = time.process_time()
    pronounce = LetterToSound([word for word, *_ in known], [phones for _, *phones in known])
    learnt = time.process_time() - started
    wrong = [distance(pronounce(word), phones) for word, *phones in held_out]
    phones = sum(len(entry) - 1 for entry in held_out)
    print(f"\npronunciations of {HELD_OUT} words held out: {sum(wrong) / phones:.1%} of the phones wrong", end=", ")
    print(f"{np.mean(np.greater(wrong, 0)):.0%} of the words; {learnt:.1f} s to learn, ", end="")
    print(f"{1e3 * (time.process_time() - started - learnt) / HELD_OUT:.1f} ms a word")


def distance(one: tuple[str, ...], other: list[str]) -> int:
    """Return the edit distance."""
    row = list(range(len(other) + 1))
    for number, phone in enumerate(one, 1):
        above, row = row, [number]
        for position, expected in enumerate(other):
            row.append(min(above[position] + (phone != expected), above[position + 1] + 1, row[-1] + 1))
    return row[-1]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
