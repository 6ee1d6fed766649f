from pathlib import Path

from trimodal.corpus.clips import match_clips
from trimodal.corpus.findings import Findings


def test_listed_and_there(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    for name in ("a/1.mp4", "a/2.MP4", "b/1.wav", "b/1.txt", "b/1.mp4", "a/._1.mp4", ".trash/9.mp4", "b/3.v2.avi"):
        (clips / name).parent.mkdir(parents=True, exist_ok=True)
        (clips / name).touch()
    findings = Findings()
    found = match_clips(["a/1", "b/1", "a/7", "b/3.v2", "b/1", "a/7"], clips, findings)
    assert found == {"a/1": clips / "a/1.mp4", "b/1": clips / "b/1.mp4", "b/3.v2": clips / "b/3.v2.avi"}
    assert findings.problems == [
        "2 clips are listed more than once: b/1, a/7",
        "1 clips are listed and not in clips: a/7",
        "1 clips in clips are not listed: a/2",
        "1 clips have several files, the first of which counts: 1.mp4",
    ]
    assert findings.notes == []


def test_nothing_is_wrong_where_all_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    findings = Findings()
    assert match_clips(["a"], tmp_path, findings, "sounds") == {"a": tmp_path / "a.wav"}
    assert findings == Findings()


def test_files_that_are_known_to_be_in_no_list(tmp_path: Path) -> None:
    for name in ("a.mp4", "more_a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    findings = Findings()
    assert match_clips(["a"], tmp_path, findings, unlisted={"more_a"}) == {"a": tmp_path / "a.mp4"}
    assert findings.problems == [f"1 clips in {tmp_path.name} are not listed: b"]
