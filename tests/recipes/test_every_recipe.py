"""What holds for every recipe that comes with the package."""

import re
from pathlib import Path

import pytest

from trimodal.recipe import dry_recipe, load_recipe, recipe_names, recipe_text

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"\|(?P<published>[^|]+)\|(?P<recipes>[^|]+)\|(?P<status>[^|]+)\|(?P<test>[^|]+)\|(?P<deviations>[^|]*)\|"
)


def rows() -> list[dict[str, str]]:
    """Return the rows of the table of published pipelines in README."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Published pipelines")[2]
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")][2:]
    found = [ROW.fullmatch(line) for line in lines]
    return [{key: cell.strip() for key, cell in row.groupdict().items()} for row in found if row is not None]


@pytest.mark.parametrize("name", recipe_names())
def test_it_has_a_page_a_row_and_a_test(name: str) -> None:
    (row,) = [row for row in rows() if f"[`{name}`]" in row["recipes"]]
    assert row["published"] and row["status"]
    assert row["deviations"] or row["published"].startswith("none")
    (page,) = re.findall(rf"\[`{name}`\]\(([^)]+)\)", row["recipes"])
    assert f"`{name}`" in (ROOT / page).read_text(encoding="utf-8").splitlines()[0]
    (test,) = re.findall(r"\[test\]\(([^)]+)\)", row["test"])
    assert name in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", recipe_names())
def test_it_is_short_and_says_where_it_is_from(name: str, tmp_path: Path) -> None:
    text, _ = recipe_text(name)
    assert text.startswith("#") and max(map(len, text.splitlines())) <= 120
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.description
    assert set(dry_recipe(recipe, tmp_path).tracks) == set(recipe.tracks)
