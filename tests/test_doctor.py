from pathlib import Path

import pytest

from trimodal.cli import main
from trimodal.corpus import Corpus, Recording, Segment, read_corpus
from trimodal.doctor import examine, installed_packages, listen, machine


def corpus(*recordings: Recording, segments: tuple[Segment, ...] = ()) -> Corpus:
    return Corpus(root=Path(), layout="test", recordings=recordings, segments=segments)


def test_what_is_installed() -> None:
    found = installed_packages()
    assert {"h5py", "numpy"} <= set(found[""]) and all(found[""].values())
    assert "opensmile" in found["extract"] and "opensmile" not in found[""]
    assert set(found["torch"]) == {"torch"}
    assert {"python", "ffmpeg", "gpus"} <= set(machine())


def test_a_sound_corpus_has_nothing_to_report(sample: Path) -> None:
    looked_at: list[str] = []
    assert examine(read_corpus(sample), looked_at.append) == []
    assert len(looked_at) == 6


def test_what_is_wrong_with_media_and_transcripts(media: Path, sample: Path, tmp_path: Path) -> None:
    odd = media / "odd"
    (tmp_path / "late.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nyes\n\n2\n00:00:09,000 --> 00:00:10,000\nno\n"
    )
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "marks.txt").write_text("... -- 😀\n")
    clip = sample / "happy.mp4"
    recordings = [
        Recording(id="zero", media=odd / "zero_byte.mp4"),
        Recording(id="mute", media=odd / "video_only.mp4"),
        Recording(id="late", media=clip, transcript=tmp_path / "late.srt"),
        Recording(id="broken", media=clip, transcript=tmp_path / "broken.json"),
        Recording(id="empty", media=clip, transcript=tmp_path / "empty.txt"),
        Recording(id="marks", media=clip, transcript=tmp_path / "marks.txt"),
    ]
    segments = (
        Segment(id="inside", recording="late", end_seconds=2.0),
        Segment(id="beyond", recording="late", start_seconds=1.0, end_seconds=30.0),
    )
    found = [(one.recording, one.problem) for one in examine(corpus(*recordings, segments=segments))]
    expected = [
        ("zero", "the file is empty; expected video or audio"),
        ("mute", "has no sound that decodes"),
        ("mute", "has no transcript"),
        ("late", "1 segments end past the media's end at 2.89 s; the first: 'beyond'"),
        ("late", "1 lines of its transcript end past the media's end; the first: 'no'"),
        ("broken", "not JSON"),
        ("empty", "its transcript has no words"),
        ("marks", "its transcript has no words"),
    ]
    assert [recording for recording, _ in found] == [recording for recording, _ in expected]
    for (_, problem), (_, part) in zip(found, expected, strict=True):
        assert part in problem and len(problem.splitlines()) == 1


def test_words_that_were_never_said_are_found(media: Path, tmp_path: Path) -> None:
    clip = media / "speech" / "jfk.flac"
    (tmp_path / "right.txt").write_text(clip.with_suffix(".txt").read_text())
    (tmp_path / "wrong.txt").write_text("the quarterly report shows that sales of umbrellas grew in every region\n")
    recordings = [Recording(id=name, media=clip, transcript=tmp_path / f"{name}.txt") for name in ("right", "wrong")]
    (finding,) = listen(corpus(*recordings), tmp_path / "work")
    assert finding.recording == "wrong"
    assert "the words 'the quarterly report shows that sales of' do not fit the sound" in finding.problem


def test_the_command(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    installed = capsys.readouterr().out
    assert "extract: " in installed and "opensmile" in installed
    assert main(["doctor", str(sample)]) == 0
    assert f"{sample}: 6 recordings, nothing found" in capsys.readouterr().out
    (tmp_path / "a.mp4").write_bytes(b"")
    assert main(["doctor", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "a: " in out and "the file is empty" in out and "1 recordings, 1 problem\n" in out
