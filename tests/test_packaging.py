"""The layout rules that keep a root that is the package healthy."""

import ast
import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_PACKAGE = {"tests", "docs", "benchmarks", "examples", "build", "dist"}
# Imports only point down this stair; modules on one step may import each other.
STAIR = (
    ("cli", "__main__", "cli_parser", "progress", "inspect_store", "doctor", "audit", "summary"),
    ("pipeline", "aligning", "planning", "run_record", "sample", "exchange"),
    ("align",),
    ("recipe",),
    ("extract",),
    ("corpus",),
    ("media", "store", "track", "windows"),
    ("errors", "amounts", "packed_rows", "__version__"),
)
HEAVY = (
    "cv2",
    "dlib",
    "librosa",
    "opensmile",
    "transformers",
    "facenet_pytorch",
    "torch",
    "av",
    "scipy",
    "numba",
    "pydantic",
    "timm",
)


def _sub_packages() -> list[str]:
    folders = (path.parent for path in ROOT.glob("**/__init__.py") if path.parent != ROOT)
    relative = (folder.relative_to(ROOT) for folder in folders)
    return sorted(
        "trimodal." + ".".join(path.parts)
        for path in relative
        if path.parts[0] not in NOT_PACKAGE and not path.parts[0].startswith(".")
    )


def _sources() -> list[Path]:
    folders = [ROOT / name.split(".")[1] for name in _sub_packages()]
    return sorted({*ROOT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))})


def _step(module: str) -> int:
    return next(number for number, names in enumerate(STAIR) if module in names)


def test_setup_cfg_lists_every_sub_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = config["options"]["packages"].split()
    assert listed == ["trimodal", *_sub_packages()]


def test_root_has_no_file_that_would_break_the_layout() -> None:
    assert not (ROOT / "setup.py").exists()
    assert not (ROOT / "conftest.py").exists()
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("name", sorted({name.split(".")[1] for name in _sub_packages()}))
def test_sub_package_refuses_to_be_imported_bare(name: str) -> None:
    result = subprocess.run([sys.executable, "-c", f"import {name}"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert "ImportError: attempted relative import beyond top-level package" in result.stderr


@pytest.mark.parametrize("source", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_are_relative_and_point_down_the_stair(source: Path) -> None:
    parts = source.relative_to(ROOT).with_suffix("").parts
    package = parts[:-1]
    if parts == ("__init__",):
        return
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "trimodal" for alias in node.names), "relative imports inside"
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] != "trimodal", "relative imports inside"
            if node.level == 0:
                continue
            base = package[: len(package) - node.level + 1]
            targets = (
                [(*base, *(node.module or "").split("."))]
                if node.module
                else [(*base, alias.name) for alias in node.names]
            )
            for target in targets:
                assert _step(target[0]) >= _step(parts[0]), f"line {node.lineno}: {parts[0]} imports {target[0]}"


def test_align_imports_no_extractor() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "align").glob("*.py"))
    assert "from ..extract" not in sources


@pytest.mark.parametrize(
    "statement",
    ["import trimodal.store", "import trimodal.cli", "import trimodal.corpus", "import trimodal.extract.registry"],
)
def test_import_loads_no_heavy_package(statement: str) -> None:
    script = f"{statement}; import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_help_loads_nothing_but_the_command_line() -> None:
    script = (
        "import sys\n"
        "known = {*sys.modules, *sys.stdlib_module_names}\n"
        "from trimodal.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "finally:\n"
        "    print(sorted({name.split('.')[0] for name in sys.modules} - known), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("usage: ")
    assert result.stderr.strip() == "['trimodal']"


def test_store_alone_needs_no_other_part() -> None:
    script = "import trimodal.store, sys; print(sorted(n for n in sys.modules if n.startswith('trimodal.')))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = {name.split(".")[1] for name in ast.literal_eval(result.stdout)}
    assert modules == {"store", "errors", "packed_rows"}


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file():
            (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "tree" / name).write_bytes((ROOT / name).read_bytes())
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        "out",
        "./tree",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "out").glob("trimodal-*.whl")
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    expected = {f"trimodal/{path.relative_to(ROOT)}" for path in _sources()}
    expected |= {f"trimodal/recipes/{path.name}" for path in (ROOT / "recipes").glob("*.yaml")}
    expected |= {f"trimodal/sample/corpus/{path.name}" for path in (ROOT / "sample" / "corpus").iterdir()}
    assert set(names) == expected | {"trimodal/py.typed"}
