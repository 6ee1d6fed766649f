from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.corpus import Corpus, CorpusError, Recording, Segment, read_corpus

FILES = {
    "wav.scp": "call1 audio/call 1.wav\ncall2\t/data/call2.flac\n\n",
    "segments": "ann-1 call1 0.5 2.25\nbob-1 call1 2.25 -1\nann-2 call2 0 1.5 1\n",
    "text": "ann-1 so  it goes\nbob-1\nann-2 größe 你好\n",
    "utt2spk": "ann-1 ann\nann-2 ann\nbob-1 bob\n",
}


def read(folder: Path, **files: str | bytes) -> Corpus:
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("wav_scp", "wav.scp")).write_bytes(raw)
    return read_corpus(folder)


def without(*names: str) -> dict[str, str]:
    return {name.replace(".", "_"): content for name, content in FILES.items() if name not in names}


def test_a_data_folder(tmp_path: Path) -> None:
    corpus = read(tmp_path, **without())
    assert corpus.layout == "kaldi" and corpus.root == tmp_path
    assert corpus.recordings == (
        Recording(id="call1", media=tmp_path / "audio/call 1.wav"),
        Recording(id="call2", media=Path("/data/call2.flac")),
    )
    assert corpus.segments == (
        Segment(id="ann-1", recording="call1", start_seconds=0.5, end_seconds=2.25, speaker="ann", text="so  it goes"),
        Segment(id="bob-1", recording="call1", start_seconds=2.25, end_seconds=None, speaker="bob", text=None),
        Segment(id="ann-2", recording="call2", start_seconds=0.0, end_seconds=1.5, speaker="ann", text="größe 你好"),
    )
    assert corpus.notes == ("1 segments name a channel; which one is heard is the recipe's choice: ann-2",)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_and_marks(newline: str, encoding: str, tmp_path: Path) -> None:
    plain = read(tmp_path, **without())
    changed = {name: content.replace("\n", newline).encode(encoding) for name, content in without().items()}
    assert read(tmp_path, **changed) == plain


def test_without_segments_every_recording_is_one(tmp_path: Path) -> None:
    corpus = read(tmp_path, wav_scp="call1 a.wav\ncall2 b.wav\n", text="call2 hello\n", utt2spk="call1 ann\n")
    assert corpus.segments == (
        Segment(id="call1", recording="call1", speaker="ann"),
        Segment(id="call2", recording="call2", text="hello"),
    )
    assert corpus.problems == (
        "1 segments have no text: call1",
        "1 segments have no speaker: call2",
        "2 files are listed and not there: a.wav, b.wav",
    )


def test_wav_scp_alone_is_enough(tmp_path: Path) -> None:
    corpus = read(tmp_path, wav_scp="call1 a.wav\n")
    assert corpus.segments == (Segment(id="call1", recording="call1"),)
    assert corpus.notes == ()


def test_what_belongs_to_no_segment_is_a_problem(tmp_path: Path) -> None:
    corpus = read(tmp_path, wav_scp="call1 a.wav\n", text="call1 a\nx b\ny c\n")
    assert corpus.problems == ("2 lines of text belong to no segment: x, y", "1 files are listed and not there: a.wav")


def test_recordings_speakers_and_media_that_are_too_many(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "more/c.wav", ".d.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    corpus = read(tmp_path, wav_scp="a a.wav\nb b.wav\n", segments="a1 a 0 1\n", utt2spk="a1 ann\nq bob\n")
    assert corpus.problems == ("1 lines of utt2spk belong to no segment: q", "1 recordings have no segment: b")
    assert corpus.notes == ("1 media files are not in wav.scp: more/c.wav",)


def test_paths_are_names_and_nothing_else(tmp_path: Path) -> None:
    corpus = read(tmp_path, wav_scp="a $HOME/*.wav\nb ~/x.wav\nc ../up.wav\nd `touch x`.wav\ne a;b.wav\n")
    assert [recording.media for recording in corpus.recordings] == [
        tmp_path / name for name in ("$HOME/*.wav", "~/x.wav", "../up.wav", "`touch x`.wav", "a;b.wav")
    ]


def test_commands_are_refused_and_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    with pytest.raises(CorpusError, match=r"wav\.scp, line 2: 'touch .*' is a command, which is never run; put its"):
        read(tmp_path, wav_scp=f"a a.wav\nb touch {witness} |\n")
    assert not witness.exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"wav_scp": "a | touch x\n"}, "line 1: .* is a command, which is never run"),
        ({"wav_scp": ""}, r"wav\.scp: has no lines; expected one per recording"),
        ({"wav_scp": "a\n"}, "line 1: '' is no media file; expected the path of one"),
        ({"wav_scp": "a -\n"}, "line 1: '-' is no media file"),
        ({"wav_scp": "a feats/raw.ark:1024\n"}, "line 1: 'feats/raw.ark:1024' is no media file"),
        ({"wav_scp": "a b\0.wav\n"}, r"wav\.scp: holds a NUL character; expected text in UTF-8"),
        (
            {"wav_scp": "a a.wav\n\na b.wav\n"},
            r"wav\.scp, line 3: 'a' has a line further up; expected one for every id",
        ),
        ({"wav_scp": b"a \xe9.wav\n"}, r"wav\.scp: byte 2 is not UTF-8"),
        ({"segments": "s call9 0 1\n"}, r"segments, line 1: recording 'call9' is not in wav\.scp"),
        ({"segments": "s call1 0\n"}, "segments, line 1: 'call1 0' is no recording, start and end in seconds"),
        ({"segments": "s\n"}, "segments, line 1: '' is no recording, start and end"),
        ({"segments": "s call1 zero 1\n"}, "line 1: 'call1 zero 1' is no recording, start and end"),
        (
            {"segments": "s call1 2 1\n"},
            "line 1: from 2.0 s to 1.0 s; expected a start from 0 s on and an end behind it",
        ),
        ({"segments": "s call1 1 1\n"}, "line 1: from 1.0 s to 1.0 s"),
        ({"segments": "s call1 -5 1\n"}, "line 1: from -5.0 s to 1.0 s"),
        ({"segments": "s call1 nan 1\n"}, "line 1: from nan s to 1.0 s"),
        ({"segments": "s call1 0 1e999\n"}, "line 1: from 0.0 s to inf s"),
        ({"segments": "s call1 0 -2\n"}, "line 1: from 0.0 s to -2.0 s"),
    ],
)
def test_broken_folders(files: dict[str, str | bytes], message: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        read(tmp_path, **({"wav_scp": "call1 a.wav\n"} | files))
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"wav\.scp: cannot be read \(No such file or directory\)"):
        read_corpus(tmp_path, "kaldi")


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(1e-3, 1e3)), min_size=1, max_size=8))
def test_times_come_back(tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[float, float]]) -> None:
    times = [(start, start + length) for start, length in spans]
    lines = "".join(f"s{number} call1 {start!r} {end!r}\n" for number, (start, end) in enumerate(times))
    corpus = read(tmp_path_factory.mktemp("data"), wav_scp="call1 a.wav\n", segments=lines)
    assert [(segment.start_seconds, segment.end_seconds) for segment in corpus.segments] == times


def test_real_speech(media: Path, tmp_path: Path) -> None:
    clip = media / "speech/jfk.flac"
    corpus = read(tmp_path, wav_scp=f"jfk {clip}\n", text=f"jfk {(media / 'speech/jfk.txt').read_text()}")
    assert corpus.recordings[0].media.is_file()
    assert corpus.segments[0].text is not None and corpus.segments[0].text.startswith("And so my fellow Americans")
