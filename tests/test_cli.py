"""The command line: exit codes and lines, as a user sees them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from poison import write_sound
from stores import write_store

from trimodal.cli import main

QUICK = ["--recipe", "quickstart", "--out", "{tmp}/s"]
RECIPE = "tracks: {mfcc: {}, words: {}}\nalign: {voice: {tracks: [mfcc], timeline: words}}\n"


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    (tmp_path / "voice.yaml").write_text(RECIPE)
    return str(tmp_path / "voice.yaml")


def _one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text


def test_run_inspect_verify(sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "s")
    assert main(["run", str(sample), "--recipe", recipe, "--out", store, "--jobs", "0"]) == 0
    printed = capsys.readouterr()
    assert "6 recordings (17.3 s), 12 tracks extracted now" in printed.out
    assert printed.out.endswith("s: written\n")
    assert "6/6 recordings" in printed.err
    assert main(["run", str(sample), "--recipe", recipe, "--out", store, "--jobs", "0", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["inspect", store]) == 0
    shown = capsys.readouterr().out
    assert "6 segments of 6 recordings" in shown
    assert "train 4, valid 1, test 1" in shown
    assert "label sentiment: number from -2 to 2" in shown
    assert main(["verify", store]) == 0
    assert _one_line(capsys.readouterr().out).endswith("no problem found\n")
    shard = tmp_path / "s" / "shard-00000.h5"
    shard.write_bytes(shard.read_bytes()[:-1])
    assert main(["verify", store]) == 1
    assert "shard-00000.h5" in capsys.readouterr().out


def test_a_store_is_saved_without_its_damaged_shards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, part = str(write_store(tmp_path / "s.store")), str(tmp_path / "part.store")
    shard = tmp_path / "s.store" / "shard-00001.h5"
    shard.unlink()
    assert main(["verify", store]) == 1
    assert capsys.readouterr().out.endswith("s.store: 1 problem\n")
    assert main(["inspect", store]) == 2
    assert "saves the other shards" in _one_line(capsys.readouterr().err)
    assert main(["subset", store, "--without-damaged", "--out", part]) == 0
    printed = capsys.readouterr()
    assert printed.err == f"left out: {shard}: shard missing\nleft out: 1 segment: in a damaged shard\n"
    assert printed.out.endswith("part.store: written\n")
    assert main(["verify", part]) == 0
    assert main(["diff", part, part]) == 0
    for number in (0, 2, 3):
        (tmp_path / "s.store" / f"shard-{number:05d}.h5").unlink()
    capsys.readouterr()
    assert main(["subset", store, "--without-damaged", "--out", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.endswith("every shard is left out; expected one that is whole\n")


def test_the_two_halves(sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work, store = str(tmp_path / "work"), str(tmp_path / "s")
    halves = [str(sample), "--recipe", recipe, "--work", work]
    assert main(["align", *halves, "--out", store]) == 2
    assert "not extracted yet: mfcc, words" in _one_line(capsys.readouterr().err)
    assert main(["extract", *halves, "--jobs", "0"]) == 0
    assert main(["align", *halves, "--out", store]) == 0
    assert capsys.readouterr().out.endswith("s: written\n")


def test_status_run_record_and_json_lines(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, work = tmp_path / "corpus", tmp_path / "w"
    folder.mkdir()
    shutil.copyfile(sample / "happy.mp4", folder / "happy.mp4")
    (folder / "zero.mp4").touch()
    halves = [str(folder), "--recipe", recipe, "--work", str(work)]
    assert main(["status", *halves]) == 1
    printed = capsys.readouterr()
    assert printed.out == "0 recordings done (0.00 h), 0 failed, 2 left\n"
    assert _one_line(printed.err) == f"note: {work}: no such work folder; nothing was extracted there yet\n"
    assert main(["extract", *halves, "--jobs", "0", "--log-json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ended = [(line["stage"], line["event"], line["recording"]) for line in lines if "recording" in line]
    assert ended == [
        ("probe", "done", "happy"),
        ("probe", "done", "zero"),
        ("extract", "done", "happy"),
        ("extract", "failed", "zero"),
    ]
    assert main(["status", *halves]) == 1
    printed = capsys.readouterr()
    assert printed.err == "note: what failed is not tried again unless it changes, or with --retry-failed\n"
    failed, counted = printed.out.splitlines()
    assert failed.startswith("failed: zero: ")
    assert counted == "1 recordings done (0.00 h), 1 failed, 0 left"
    (folder / "zero.mp4").unlink()
    assert main(["status", *halves]) == 0
    (file,) = (work / "runs").iterdir()
    record = json.loads(file.read_text())
    assert (record["recordings_extracted"], record["failures"], record["stopped_by"]) == (1, {"error": 1}, "")
    assert set(record["seconds_by_track"]) == {"mfcc", "words"}
    assert record["seconds_of_reading"] > 0 < record["seconds_of_writing"]
    assert set(record["seconds_by_stage"]) == {"probe", "extract"}
    assert record["running"]["jobs"] == 0
    assert main(["align", *halves, "--out", str(tmp_path / "s")]) == 0
    record = json.loads(max((work / "runs").iterdir(), key=lambda path: path.stat().st_mtime_ns).read_text())
    assert set(record["seconds_by_stage"]) == {"align"}
    assert record["running"]["jobs"] > 0
    assert main(["run", *halves, "--out", str(tmp_path / "t"), "--jobs", "0"]) == 0
    record = json.loads(max((work / "runs").iterdir(), key=lambda path: path.stat().st_mtime_ns).read_text())
    assert set(record["seconds_by_stage"]) == {"align"}  # all tracks were there


def test_all_that_json_lines_say(sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, store = tmp_path / "corpus", tmp_path / "s"
    shutil.copytree(sample, folder)
    (folder / "manifest.csv").write_text("media,start,end\nhappy.mp4,0,1\nhappy.mp4,70,80\nzero.mp4,,\n")
    (folder / "zero.mp4").touch()
    arguments = ["run", str(folder), "--recipe", recipe, "--out", str(store), "--jobs", "1", "--log-json"]
    assert main(arguments) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines if line["stage"] == "align"] == ["begin", "done", "end"]
    assert [line["event"] for line in lines if line["stage"] == "probe"] == ["begin", "done", "done", "end"]
    summary = lines[-1]
    assert (summary["event"], summary["recordings"], summary["tracks_extracted"]) == ("summary", 1, 2)
    assert set(summary["seconds_by_track"]) == {"mfcc", "words"}
    assert (summary["failures_by_cause"], summary["failures_of_earlier_runs"]) == ({"error": 1}, 0)
    assert (summary["store"], summary["written"]) == (str(store), True)
    assert summary["left_out"] == {"outside the recording": 1}
    assert summary["gap_seconds"]["words"] == {"no transcript": pytest.approx(summary["media_seconds"])}
    assert main(arguments) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[0]["event"] == "note"
    lines = [line for line in lines if line["event"] != "note"]
    assert [(line["event"], line.get("recording", "")) for line in lines] == [
        ("known", ""),
        ("failed", "zero"),
        ("summary", ""),
    ]
    assert lines[1]["in_earlier_run"] and lines[2]["failures_of_earlier_runs"] == 1
    assert main([*arguments, "--strict", "--layout", "foldr"]) == 2
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert line["event"] == "error" and "did you mean 'folder'?" in line["text"]


def test_what_failed_before_is_told_from_what_failed_now(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    shutil.copyfile(sample / "happy.mp4", folder / "happy.mp4")
    (folder / "zero.mp4").touch()
    arguments = ["extract", str(folder), "--recipe", recipe, "--work", str(tmp_path / "w"), "--jobs", "0"]
    hint = "1 of them failed in earlier runs; --retry-failed tries them again"
    for more, word, is_old in (
        ([], "failed", False),
        ([], "failed before", True),
        (["--retry-failed"], "failed", False),
    ):
        assert main([*arguments, *more]) == 1
        lines = capsys.readouterr().err.splitlines()
        assert f"{word}: zero: {folder / 'zero.mp4'}: the file is empty; expected video or audio" in lines
        assert (hint in lines) == is_old


def test_a_work_folder_in_the_corpus(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    shutil.copyfile(sample / "happy.mp4", folder / "happy.mp4")
    for place in (["--out", str(folder / "s")], ["--out", str(tmp_path / "s"), "--work", str(folder)]):
        assert main(["run", str(folder), "--recipe", recipe, *place]) == 2
        assert f"lies in the corpus {folder}; give a work folder outside" in _one_line(capsys.readouterr().err)
    assert [path.name for path in folder.iterdir()] == ["happy.mp4"]
    (folder / "manifest.csv").write_text("media\nhappy.mp4\n")  # which says what counts
    assert main(["run", str(folder), "--recipe", recipe, "--out", str(folder / "s"), "--jobs", "0"]) == 0


def test_a_run_that_stops_lists_what_failed_so_far(
    sample: Path, recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, work = tmp_path / "corpus", tmp_path / "w"
    shutil.copytree(sample, folder)
    (folder / "manifest.csv").unlink()
    (folder / "zero.mp4").touch()
    arguments = ["extract", str(folder), "--recipe", recipe, "--work", str(work), "--jobs", "0"]
    usage = shutil.disk_usage(tmp_path)

    def full(path: Path) -> object:
        return usage._replace(free=1000 if list(work.glob("tracks/*/*.h5")) else usage.free)

    for name, replacement, code, last in (
        ("shutil.disk_usage", full, 3, "make room and run the same command again, or give folders on a larger disk"),
        ("trimodal.progress.Progress.done", _interrupted, 130, "stopped; run the same command again to go on"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(name, replacement)
            assert main([*arguments, "--retry-failed"]) == code
        assert capsys.readouterr().err.splitlines()[-1].endswith(last)
        assert (work / "failures.csv").read_text().splitlines() == ["recording,stage,track,cause,reason"]
    (work / "failures.csv").unlink()
    assert main([*arguments]) == 1
    monkeypatch.setattr("trimodal.progress.Progress.done", _interrupted)
    (folder / "new.mp4").write_bytes((folder / "happy.mp4").read_bytes())
    assert main(arguments) == 130
    assert "zero,read,,error," in (work / "failures.csv").read_text()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_summary_counts_gaps(recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "corpus").mkdir()
    write_sound(tmp_path / "corpus" / "a.wav", 0.7)
    arguments = ["run", str(tmp_path / "corpus"), "--recipe", recipe, "--out", str(tmp_path / "s"), "--jobs", "0"]
    for state in ("written", "up to date"):
        assert main(arguments) == 0
        assert capsys.readouterr().out.splitlines()[-2:] == [
            "gaps by track: words 0.7 s (no transcript)",
            f"{tmp_path / 's'}: {state}",
        ]


def test_what_the_split_leaves_out_is_noted(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(recipe, "a") as file:
        file.write(f"split: {{files: {{train: {tmp_path / 'train.txt'}}}}}\n")
    (tmp_path / "train.txt").write_text("happy\nunhappy\n")
    assert main(["extract", str(sample), "--recipe", recipe, "--work", str(tmp_path / "w"), "--jobs", "0"]) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert notes[-2:] == [
        "note: 5 of 6 segments are in no split (sad, meeting, angry, ...)",
        "note: the split lists 1 ids that no segment of the corpus has (unhappy)",
    ]


def test_segments_that_are_left_out_are_counted(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(sample / "happy.mp4", tmp_path / "happy.mp4")
    manifest, store = tmp_path / "list.csv", str(tmp_path / "s")
    manifest.write_text("media,start,end\nhappy.mp4,0,1\nhappy.mp4,2,60\nhappy.mp4,70,80\nhappy.mp4,90,91\n")
    arguments = ["run", str(manifest), "--recipe", recipe, "--out", store, "--jobs", "0"]
    for state in ("written", "up to date"):
        assert main(arguments) == 0
        printed = capsys.readouterr()
        assert "left out: 2 segments: outside the recording\n" in printed.err
        assert "note: 1 segment: reaches out of its recording\n" in printed.err
        assert printed.out.endswith(f"s: {state}\n")
    assert main([*arguments, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["inspect", store]) == 0
    shown = capsys.readouterr().out
    assert "left out: 2 segments: outside the recording\n" in shown
    assert "noted: 1 segment: reaches out of its recording\n" in shown


def test_failures_are_one_line_each_and_exit_code_1(
    sample: Path, recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    shutil.copyfile(sample / "happy.mp4", folder / "happy.mp4")
    (folder / "zero.mp4").touch()
    arguments = ["run", str(folder), "--recipe", recipe, "--out", str(tmp_path / "s"), "--jobs", "0"]
    assert main(arguments) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2] == f"failed: zero: {folder / 'zero.mp4'}: the file is empty; expected video or audio"
    assert lines[-1] == f"1 recordings failed (1 by error), listed in {tmp_path / 's.work' / 'failures.csv'}"
    assert main([*arguments, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_stores_are_taken_apart_compared_and_put_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, merged = str(write_store(tmp_path / "s")), str(tmp_path / "m")
    parts = [str(tmp_path / name) for name in "ab"]
    for part, sign in zip(parts, ("==", "!="), strict=True):
        query = f"recording {sign} 'one'"
        assert main(["subset", store, "--query", query, "--present", "text", "--out", part]) == 0
    assert main(["subset", store, "--split", "train", "--split", "test", "--out", str(tmp_path / "c")]) == 0
    assert main(["merge", *parts, "--out", merged]) == 0
    capsys.readouterr()
    assert main(["diff", merged, merged]) == 0
    assert capsys.readouterr().out == f"{merged}, {merged}: the same\n"
    assert main(["diff", parts[0], merged]) == 1
    assert "4 segments only in the second: four_0, three_0, three_2, ..." in capsys.readouterr().out
    assert main(["inspect", merged]) == 0
    assert "m: 6 segments of 4 recordings, 30.0 s, 2 shards" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "{tmp}/none", "--recipe", "quickstart", "--out", "{tmp}/s"], "none: no such file or folder"),
        (["run", "{tmp}", "--recipe", "quickstart", "--out", "{tmp}/s"], "holds 1 files and none of them is media"),
        (["run", "{tmp}", "--recipe", "quikstart", "--out", "{tmp}/s"], "did you mean 'quickstart'?"),
        (["run", "{tmp}", "--recipe", "{tmp}/bad.yaml", "--out", "{tmp}/s"], "line 1: tracks.mfcc.n_mfc: unknown key"),
        (["run", "{tmp}", "--recipe", "quickstart", "--out", "{tmp}/s", "--layout", "foldr"], "did you mean 'folder'?"),
        (["run", "{tmp}", *QUICK, "--jobs", "-1"], "jobs must be at least 0, found -1"),
        (["run", "{tmp}", *QUICK, "--time-limit", "-1"], "time limits must be positive, found 600.0 s and -1.0 s"),
        (["run", "{tmp}", *QUICK, "--memory-limit", "0.1"], "a worker needs 256 MiB at least, found a limit of 95"),
        *(
            (["run", "{tmp}", *QUICK, "--memory-limit", found], f"gigabytes above 0, found {float(found)}")
            for found in ("inf", "nan", "0", "-2")
        ),
        *(
            (
                ["run", "{tmp}", *QUICK, "--time-limit", found],
                f"time limits must be positive, found 600.0 s and {found}",
            )
            for found in ("inf", "nan")
        ),
        *(
            (["run", "{tmp}", *QUICK, "--backend", "dask", "--scheduler", found], "is no address of a Dask scheduler")
            for found in ("nonsense", "tcp://:", "foo://x:1", "tcp://x:y", "tcp://x:99999", "tcp://x")
        ),
        (["run", "{tmp}", *QUICK, "--device", "cuda:77"], "the device 'cuda:77' is not there"),
        (["run", "{tmp}", *QUICK, "--device", "meta"], "nothing can be computed on the device 'meta' ("),
        (["run", "{tmp}", *QUICK, "--device", "xpu"], "nothing can be computed on the device 'xpu' ("),
        (
            ["run", "{tmp}", *QUICK, "--scheduler", "tcp://a:1"],
            "is the address of a Dask scheduler; add --backend dask",
        ),
        (["inspect", "{tmp}"], "no manifest.json in it; expected a feature store"),
        (["verify", "{tmp}/none"], "no manifest.json in it; expected a feature store"),
        (["diff", "{tmp}", "{tmp}"], "no manifest.json in it; expected a feature store"),
        (["merge", "{tmp}/none", "--out", "{tmp}/s"], "no manifest.json in it; expected a feature store"),
        (["subset", "{tmp}", "--out", "{tmp}/s"], "no manifest.json in it; expected a feature store"),
        (["inspect", __file__], "test_cli.py: a file; expected a feature store, which is a folder"),
        (["recipes", "quikstart"], "did you mean 'quickstart'?"),
        (["extractors", "mfccs"], "no extractor is called 'mfccs'; did you mean 'mfcc'?"),
        (["sample", "{tmp}"], "already there; expected the name of a new folder"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.yaml").write_text("tracks: {mfcc: {n_mfc: 3}}\nalign: {a: {tracks: [mfcc], timeline: segment}}\n")
    assert main([argument.format(tmp=tmp_path) for argument in arguments]) == 2
    printed = capsys.readouterr()
    assert message in _one_line(printed.err)
    assert printed.out == ""
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "arguments", [[], ["walk"], ["run"], ["run", "x", "--recipe", "y", "--out", "z", "--job", "a"]]
)
def test_a_command_line_that_cannot_be_parsed_is_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "--help" in _one_line(capsys.readouterr().err)


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "inspect", str(tmp_path)]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_extractors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extractors"]) == 0
    listed = " ".join(capsys.readouterr().out.split())
    assert "opensmile Low-level descriptors of openSMILE, every 10 ms. Research use only." in listed
    assert main(["extractors", "mfcc"]) == 0
    assert "n_mfcc: int = 40\n    Number of coefficients" in capsys.readouterr().out


def test_sample_and_recipes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(tmp_path / "new")]) == 0
    assert (tmp_path / "new" / "manifest.csv").is_file()
    assert "next: trimodal run" in capsys.readouterr().out
    assert main(["recipes"]) == 0
    assert "quickstart: " in capsys.readouterr().out
    assert main(["recipes", "quickstart"]) == 0
    assert "mtcnn" in capsys.readouterr().out


def test_runs_as_a_module_from_any_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trimodal", "--version"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("trimodal ")


@pytest.mark.parametrize("missing", ["scipy", "ruamel", "pydantic", "av"])
@pytest.mark.parametrize("command", ["run", "extract", "align", "recipes", "extractors"])
def test_an_installation_for_trainers_says_what_it_lacks(
    command: str, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    places = {"run": ["--out", "s"], "extract": ["--work", "w"], "align": ["--work", "w", "--out", "s"]}
    arguments = ["x", "--recipe", "quickstart", *places[command]] if command in places else []
    assert main([command, *arguments]) == 2
    message = _one_line(capsys.readouterr().err)
    assert f"making features needs the package '{missing}" in message
    assert "pip install 'trimodal[extract]'" in message
