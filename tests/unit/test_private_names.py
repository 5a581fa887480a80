"""Names with an underscore stay within their package: nobody else imports them, not even tests."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "noukai": ROOT / "client",
    "noukai_wire": ROOT / "client",
    "noukai_functions": ROOT / "functions",
    "noukai_infra": ROOT / "infra",
    "tests": ROOT,
}
LIBRARIES = (("noukai",), ("noukai", "flow"))
"""Others' packages: tests may import their private modules, but no private name from them."""


def imported(tree: ast.AST, module: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the full name of each import of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module[: -node.level] if node.level else ()
            named = tuple(node.module.split(".")) if node.module else ()
            yield from ((*above, *named, alias.name) for alias in node.names)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def may_import(module: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """Return whether each private part of a name belongs to a package that contains the module."""
    if name[0] not in PACKAGES:
        return True
    owners = [name[:place] for place, part in enumerate(name) if is_private(part)]
    return all(
        module[: len(owner)] == owner or (module[0] == "tests" and owner in LIBRARIES) for owner in owners
    )


def test_private_names_are_told_from_others() -> None:
    """A package's modules may import its private names; tests may import only a library's private modules."""
    own, other = ("noukai", "_core", "api"), ("noukai_functions", "handlers", "wait")
    room, inner = ("noukai", "_core", "address"), ("noukai", "_core", "address", "_SLUG")
    assert may_import(own, room)
    assert not may_import(other, room)
    assert may_import(("tests", "client", "test_wait"), room)
    assert not may_import(("tests", "client", "test_wait"), inner)
    assert may_import(other, ("os", "_exit"))


def test_no_private_name_is_imported_across_packages() -> None:
    """A name that another package needs has no underscore."""
    crossing, seen = [], 0
    for package, folder in PACKAGES.items():
        for path in (folder / package).rglob("*.py"):
            module = path.relative_to(folder).with_suffix("").parts
            names = list(imported(ast.parse(path.read_text()), module))
            crossing += [
                f"{path.relative_to(ROOT)}: {'.'.join(name)}"
                for name in names
                if not may_import(module, name)
            ]
            seen += len(names)
    assert crossing == []
    assert seen > 1000
