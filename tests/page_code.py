"""The Python that stands on a recipe's page, as a reader runs it."""

from pathlib import Path

PAGES = Path(__file__).parents[1] / "docs/recipes"


def run_code_of(page: str, block: int = 0, **changes: str) -> None:
    """Run a block of Python of a page in the folder that is the current one.

    Parameters
    ----------
    page
        Name of the page.
    block
        Which of its blocks of Python.
    changes
        What stands in place of the words of a line ``NAME = ...``.
    """
    code = (PAGES / f"{page}.md").read_text(encoding="utf-8").split("```python\n")[block + 1].split("```")[0]
    for name, value in changes.items():
        lines = [line for line in code.splitlines() if line.startswith(f"{name} = ")]
        assert len(lines) == 1, name
        code = code.replace(lines[0], f"{name} = {value}")
    exec(compile(code, f"{page}.md", "exec"), {})
