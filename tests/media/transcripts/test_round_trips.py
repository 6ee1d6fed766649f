"""Times that are written in a format come back as they are, whatever they are."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimodal.corpus import read_corpus
from trimodal.media import read_transcript, read_turns

Span = tuple[int, int]
"""Start and end of a word, in units of the format."""
Writer = Callable[[Path, Sequence[Span]], object]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How to write words, and what a unit of time is."""

    name: str
    seconds: float
    write: Writer
    timed: str = "words"
    """What has the times: words or utterances."""


def lines(form: str, before: str = "", behind: str = "", seconds: float = 1.0) -> Writer:
    """Return what writes a line for every word; the form takes start, end and length, in seconds or units."""

    def write(path: Path, spans: Sequence[Span]) -> None:
        times = np.array(spans) * seconds
        rows = [form.format(s=start, e=end, d=end - start, n=n) for n, (start, end) in enumerate(times)]
        path.write_text(before + "".join(rows) + behind)

    return write


def write_json(form: Callable[[list[dict[str, object]]], object]) -> Writer:
    def write(path: Path, spans: Sequence[Span]) -> None:
        words = [{"word": f" w{n}", "start": start / 1000, "end": end / 1000} for n, (start, end) in enumerate(spans)]
        path.write_text(json.dumps(form(words)))

    return write


def write_eaf(path: Path, spans: Sequence[Span]) -> None:
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="{side}{n}" TIME_VALUE="{at}"/>'
        for n, span in enumerate(spans)
        for side, at in zip("se", span, strict=True)
    )
    words = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{n}" TIME_SLOT_REF1="s{n}" TIME_SLOT_REF2="e{n}">'
        f"<ANNOTATION_VALUE>w{n}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
        for n in range(len(spans))
    )
    path.write_text(
        '<?xml version="1.0"?><ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"/>'
        f'<TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID="words">{words}</TIER></ANNOTATION_DOCUMENT>'
    )


def write_csd(path: Path, spans: Sequence[Span]) -> None:
    with h5py.File(path, "w") as file:
        file["words/data/a/features"] = np.array([[f"w{n}".encode()] for n in range(len(spans))])
        file["words/data/a/intervals"] = np.array(spans) / 1000
        metadata = {"root name": "words", "version": "1.0"}
        for key, value in metadata.items():
            file[f"words/metadata/{key}"] = np.array([json.dumps(value).encode()], object)


def _whisper(words: list[dict[str, object]]) -> object:
    segment = {"id": 0, "start": words[0]["start"], "end": words[-1]["end"], "text": "x", "words": words}
    return {"text": "x", "segments": [segment], "language": "en"}


def _whisperx(words: list[dict[str, object]]) -> object:
    segments = [{"start": word["start"], "end": word["end"], "text": "x", "words": [word]} for word in words]
    return {"segments": segments, "word_segments": words}


def _gentle(words: list[dict[str, object]]) -> object:
    return {"transcript": "x", "words": [word | {"case": "success", "alignedWord": "w"} for word in words]}


FORMATS = [
    Format(name="a.ctm", seconds=0.001, write=lines("a 1 {s:.3f} {d:.3f} w{n}\n", seconds=0.001)),
    Format(
        name="a.stm",
        seconds=0.001,
        write=lines("a 1 ann {s:.3f} {e:.3f} <o> w{n}\n", seconds=0.001),
        timed="utterances",
    ),
    Format(name="a.mlf", seconds=1e-7, write=lines("{s:.0f} {e:.0f} w{n} -1.5\n", '#!MLF!#\n"*/a.rec"\n', ".\n")),
    Format(name="a.lab", seconds=1e-7, write=lines("{s:.0f} {e:.0f} w{n}\n")),
    Format(name="a.align", seconds=1 / 25_000, write=lines("{s:.0f} {e:.0f} w{n}\n")),
    Format(name="a.eaf", seconds=0.001, write=write_eaf),
    Format(name="a.csd", seconds=0.001, write=write_csd),
    Format(name="whisper.json", seconds=0.001, write=write_json(_whisper)),
    Format(name="whisperx.json", seconds=0.001, write=write_json(_whisperx)),
    Format(name="gentle.json", seconds=0.001, write=write_json(_gentle)),
    Format(name="list.json", seconds=0.001, write=write_json(lambda words: words)),
]


@st.composite
def _spans(draw: st.DrawFn) -> list[Span]:
    """Words one after the other, with pauses of any length between them or none."""
    steps = draw(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 2000)), min_size=1, max_size=8))
    spans, at = [], 0
    for pause, length in steps:
        spans.append((at + pause, at + pause + length))
        at += pause + length
    return spans


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@given(spans=_spans())
@settings(deadline=None, max_examples=30)
def test_times_come_back(tmp_path_factory: pytest.TempPathFactory, form: Format, spans: list[Span]) -> None:
    path = tmp_path_factory.mktemp("trip") / form.name
    form.write(path, spans)
    found = read_transcript(path, "a")
    timed = found if form.timed == "utterances" else [word for utterance in found for word in utterance.words]
    assert [one.text for one in timed] == [f"w{n}" for n in range(len(spans))]
    times = [(one.start_seconds, one.end_seconds) for one in timed]
    np.testing.assert_allclose(np.array(times, np.float64), np.array(spans) * form.seconds, rtol=0, atol=1e-9)


@given(spans=_spans())
@settings(deadline=None, max_examples=30)
def test_frames_of_sphinx_come_back(tmp_path_factory: pytest.TempPathFactory, spans: list[Span]) -> None:
    """The last frame belongs to the word."""
    path = tmp_path_factory.mktemp("trip") / "a.wdseg"
    rows = "".join(f"\t{start} {end - 1} -10 w{n}\n" for n, (start, end) in enumerate(spans))
    path.write_text(f"SFrm EFrm SegAScr Word\n{rows} Total score: -1\n")
    words = [word for utterance in read_transcript(path) for word in utterance.words]
    assert [(word.start_seconds, word.end_seconds) for word in words] == [(a / 100, b / 100) for a, b in spans]


@given(spans=_spans())
@settings(deadline=None, max_examples=30)
def test_turns_come_back(tmp_path_factory: pytest.TempPathFactory, spans: list[Span]) -> None:
    path = tmp_path_factory.mktemp("trip") / "a.rttm"
    form = "SPEAKER a 1 {s:.3f} {d:.3f} <NA> <NA> w{n} <NA> <NA>\n"
    lines(form, seconds=0.001)(path, spans)
    times = [(turn.start_seconds, turn.end_seconds) for turn in read_turns(path, "a")]
    np.testing.assert_allclose(times, np.array(spans) / 1000, rtol=0, atol=1e-9)


@given(spans=_spans())
@settings(deadline=None, max_examples=30)
def test_segments_of_kaldi_come_back(tmp_path_factory: pytest.TempPathFactory, spans: list[Span]) -> None:
    folder = tmp_path_factory.mktemp("trip")
    (folder / "wav.scp").write_text("a a.wav\n")
    (folder / "a.wav").touch()
    lines("u{n} a {s:.3f} {e:.3f}\n", seconds=0.001)(folder / "segments", spans)
    found = [(one.start_seconds, one.end_seconds) for one in read_corpus(folder, "kaldi").segments]
    assert found == [(start / 1000, end / 1000) for start, end in spans]
