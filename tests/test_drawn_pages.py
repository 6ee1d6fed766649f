"""What scripts draw for the pages is what stands in them."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"

pytestmark = pytest.mark.slow


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look for the module that they are in.
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[path.stem]
    return module


def test_pictures_of_alignment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line and every number in them; Matplotlib's version alone may differ."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    script = Path(shutil.copy(DOCS / "draw_alignment.py", tmp_path))
    import matplotlib as mpl

    with mpl.rc_context():
        loaded(script).main()
    committed = sorted(DOCS.glob("alignment-*.svg"))
    assert [path.name for path in sorted(tmp_path.glob("*.svg"))] == [path.name for path in committed]
    assert len(committed) == 6
    for path in committed:
        assert without_version(tmp_path / path.name) == without_version(path), path.name


def without_version(path: Path) -> str:
    return re.sub(r"<dc:title>Matplotlib [^<]*</dc:title>", "", path.read_text(encoding="utf-8"))


def test_table_of_the_clock(media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every error in milliseconds, of the generated clips and the real ones."""
    page = Path(shutil.copy(DOCS / "clock.md", tmp_path))
    monkeypatch.setattr(sys, "argv", ["draw_clock_table.py", str(media / "odd")])
    monkeypatch.setattr(sys, "path", [*sys.path])
    script = loaded(DOCS / "draw_clock_table.py")
    monkeypatch.setattr(script, "PAGE", page)
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"(?m)^(\| `[^|]*\|) [\d.]+ \|", r"\1 -1 |", text), encoding="utf-8")
    assert page.read_text(encoding="utf-8") != text
    script.main()
    assert page.read_text(encoding="utf-8") == text
