"""What holds for every recipe that comes with the package."""

import ast
import re
from pathlib import Path

import pytest

from trimodal.align import output_schemas
from trimodal.extract.plan import make_plan
from trimodal.recipe import dry_recipe, load_recipe, recipe_names, recipe_text

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"\|(?P<published>[^|]+)\|(?P<recipes>[^|]+)\|(?P<status>[^|]+)\|(?P<test>[^|]+)\|(?P<deviations>[^|]*)\|"
)


def lines_of_table() -> list[str]:
    """Return the lines below the header of the table of published pipelines in README."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Published pipelines")[2]
    return [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")][2:]


def row_of(line: str) -> dict[str, str]:
    """Return the cells of a line of that table by column."""
    found = ROW.fullmatch(line)
    assert found is not None, line
    return {key: cell.strip() for key, cell in found.groupdict().items()}


@pytest.mark.parametrize("line", lines_of_table(), ids=lambda line: re.findall(r"\[`([^`]+)`\]", line)[0])
def test_every_row_is_whole(line: str) -> None:
    """Every cell says something, but for deviations from nothing; the recipes, their pages and their test are there."""
    row = row_of(line)
    links = re.findall(r"\[`([^`]+)`\]\(([^)]+)\)", row["recipes"])
    assert links and row["published"] and row["status"]
    assert row["deviations"] or row["published"].startswith("none")
    (test,) = re.findall(r"\[test\]\(([^)]+)\)", row["test"])
    source = (ROOT / test).read_text(encoding="utf-8")
    functions = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert any(name.startswith("test_") for name in functions) and "mark.skip" not in source
    for name, page in links:
        assert name in recipe_names() and f'"{name}"' in source
        assert f"`{name}`" in (ROOT / page).read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize("name", recipe_names())
def test_it_has_one_row(name: str) -> None:
    assert len([line for line in lines_of_table() if f"[`{name}`]" in row_of(line)["recipes"]]) == 1


def page_of(name: str) -> str:
    """Return the text of a recipe's page; of several recipes on it the part that has its name in its heading."""
    (line,) = (line for line in lines_of_table() if f"[`{name}`]" in line)
    (page,) = re.findall(rf"\[`{name}`\]\(([^)]+)\)", line)
    text = (ROOT / page).read_text(encoding="utf-8")
    sections = [one for one in re.split(r"\n(?=## )", text)[1:] if f"`{name}`" in one.splitlines()[0]]
    return sections[0] if sections else text


def written_outputs(name: str) -> dict[str, tuple[str, str]]:
    """Return shape and type of every output that the table of a recipe's page has."""
    table = re.search(r"^\| output \|.*\n\|[-|]+\n((?:\|.*\n)+)", page_of(name), re.MULTILINE)
    assert table is not None
    found = {}
    for line in table[1].splitlines():
        output, _, shape, dtype, *_ = (cell.strip() for cell in line.strip("|").split("|"))
        names = re.findall(r"`([^`]+)`", output.partition("(")[0])
        of_recipes = re.findall(r"`([^`]+)`", output.partition("(")[2])
        others = dict(re.findall(r"\(`([\w-]+)`: ([^)]+)\)", shape))
        columns = others.get(name, shape.partition(" (")[0]).partition(":")[0].replace(",", "")
        found |= {one: (columns, dtype) for one in names if not of_recipes or name in of_recipes}
    return found


@pytest.mark.parametrize("name", recipe_names())
def test_its_page_has_its_outputs(name: str, tmp_path: Path) -> None:
    recipe = dry_recipe(load_recipe(name), tmp_path)
    schemas = output_schemas(recipe, {track.name: track.schema for track in make_plan(recipe.tracks).tracks})
    made = {output: (" x ".join(map(str, schema.shape)), schema.dtype) for output, schema in schemas.items()}
    assert written_outputs(name) == made


@pytest.mark.parametrize("name", recipe_names())
def test_it_is_short_and_says_where_it_is_from(name: str, tmp_path: Path) -> None:
    text, _ = recipe_text(name)
    assert text.startswith("#") and max(map(len, text.splitlines())) <= 120
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.description
    assert set(dry_recipe(recipe, tmp_path).tracks) == set(recipe.tracks)
