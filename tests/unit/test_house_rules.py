"""The rules of the house that no linter checks."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("client", "functions", "infra", "tests")
LONGEST_FILE = 290
"""The aim is 250 lines; a file of 290 that reads well is better than a squeezed one."""
LONGEST_FUNCTION = 40
MOST_ENTRIES = 12
MOST_ENTRIES_OF_TESTS = 20
LISTS_OF_ONE_SHAPE = {
    # The root of a package names all that it has.
    "client/noukai",
    "functions/noukai_functions",
    "infra/noukai_infra",
    "client/noukai_wire",
    "functions/noukai_functions/handlers",
    # Each public module of a folder of flows is a project: it cannot have sub-folders.
    "tests/e2e/failures/hostile",
}
NO_ENTRIES = {"__init__", "__main__"}
"""Every package may have them: they are what is imported or run by its name."""
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
SAYS_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc"}


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Return the text of every Python file by its path in the repository."""
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert Path(__file__) in paths
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def test_no_file_is_long(sources: dict[str, str]) -> None:
    """A file fits on a few screens."""
    lengths = {path: len(text.splitlines()) for path, text in sources.items()}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_long(sources: dict[str, str]) -> None:
    """A function is seen as a whole, its docstring included."""
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_no_comprehension_is_in_another(sources: dict[str, str]) -> None:
    """An inner one is a loop or a named function, so that each line has one thought."""
    nested = [
        f"{path}:{node.lineno}"
        for path, text in sources.items()
        if not path.startswith("tests/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, COMPREHENSIONS) and has_inner_comprehension(node)
    ]
    assert nested == []


def has_inner_comprehension(node: ast.AST) -> bool:
    """Tell whether a comprehension contains another one."""
    return sum(isinstance(each, COMPREHENSIONS) for each in ast.walk(node)) > 1


@pytest.mark.parametrize(
    ("code", "nested"),
    [
        ("[a for a in b for c in a]", False),
        ("[[a for a in c] for c in b]", True),
        ("[a for a in b if any(c for c in a)]", True),
    ],
)
def test_inner_comprehensions_are_found(code: str, nested: bool) -> None:
    """One comprehension may have several loops."""
    assert has_inner_comprehension(ast.parse(code)) == nested


def test_every_file_and_folder_is_named_for_what_it_holds(sources: dict[str, str]) -> None:
    """A name that fits anything attracts anything."""
    assert [
        path for path in sources if SAYS_NOTHING & {part.removesuffix(".py") for part in Path(path).parts}
    ] == []


def test_no_folder_is_long(sources: dict[str, str]) -> None:
    """A folder's entries can be read at a glance."""
    entries = defaultdict(set)
    for path in map(Path, sources):
        for entry in (path, *path.parents[:-2]):
            entries[entry.parent.as_posix()].add(entry.stem)
    counts = {
        folder: len(names - NO_ENTRIES)
        for folder, names in entries.items()
        if folder not in LISTS_OF_ONE_SHAPE
    }
    most = {
        folder: MOST_ENTRIES_OF_TESTS if folder.startswith("tests") else MOST_ENTRIES for folder in counts
    }
    assert {folder: count for folder, count in counts.items() if count > most[folder]} == {}
    assert entries.keys() >= LISTS_OF_ONE_SHAPE
