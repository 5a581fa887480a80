"""The joining of ES modules to one file.

A browser would ask for some sixty modules at once, each a call of a function, and an account may run ten
functions at a time. Each module becomes a function that is called once and returns what it exports. The forms
of `import` and `export` that our modules and our libraries use are known; others are refused.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_IMPORT = re.compile(
    r"""(?:^|(?<=;))import\s*(?P<names>[^"';()]*?)\s*from\s*["'](?P<source>[^"']+)["'];?""", re.MULTILINE
)
_PASSED_ON = re.compile(
    r"""(?:^|(?<=;))export\s*\{(?P<names>[^}]*)\}\s*from\s*["'](?P<source>[^"']+)["'];?""", re.MULTILINE
)
_LIST = re.compile(r"(?:^|(?<=[;}]))export\s*\{(?P<names>[^}]*)\};?", re.MULTILINE)
_DEFAULT = re.compile(r"(?:^|(?<=[;}]))export default ", re.MULTILINE)
_DECLARED = re.compile(r"^export ((?:async )?function\*?|const|class) ?(?P<name>[\w$]+)", re.MULTILINE)
_SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S+")
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class JoinError(Exception):
    """A module that cannot be joined; the message says why."""


def join(entry: Path, libraries: Mapping[str, Path]) -> str:
    """Return the module with all that it imports, as one module; libraries are known by their names.

    Raises:
        JoinError: modules import each other in a circle, or use a form that is not known here.
    """
    joined: dict[str, str] = {}
    _add(entry, entry.parent, libraries, joined, [])
    return "\n".join(joined.values())


def _add(
    path: Path, root: Path, libraries: Mapping[str, Path], joined: dict[str, str], way: list[Path]
) -> str:
    """Add a module behind those that it imports, unless it is there already; return its variable."""
    if path in way:
        circle = " -> ".join(each.name for each in [*way, path])
        raise JoinError(f"The modules import each other: {circle}: move what both use to a third.")
    variable = _variable(path, root, libraries)
    if variable in joined:
        return variable

    def of(source: str) -> str:
        found = libraries[source] if source in libraries else (path.parent / source).resolve()
        return _add(found, root, libraries, joined, [*way, path])

    text, exported = _SOURCE_MAP.sub("", path.read_text(encoding="utf-8")), dict[str, str]()

    def pass_on(match: re.Match[str]) -> str:
        variable = of(match["source"])
        exported.update((to, f"{variable}.{name}") for name, to in _pairs(match["names"]))
        return ""

    def note(match: re.Match[str]) -> str:
        exported.update((to, name) for name, to in _pairs(match["names"]))
        return ""

    text = _PASSED_ON.sub(pass_on, text)
    text = _IMPORT.sub(lambda match: _binding(match["names"], of(match["source"])), text)
    text = _LIST.sub(note, text)
    if _DEFAULT.search(text):
        text, exported["default"] = _DEFAULT.sub("const $default = ", text), "$default"
    exported.update((match["name"], match["name"]) for match in _DECLARED.finditer(text))
    text = _DECLARED.sub(lambda match: match[0].removeprefix("export "), text)
    if left := _LEFT.search(text):
        raise JoinError(f"{path}: `{left[0][:80]}` is a form that the joining does not know.")
    returned = ", ".join(f"{to}: {name}" for to, name in exported.items())
    name = PurePosixPath(path.relative_to(root)) if path.is_relative_to(root) else path.name
    joined[variable] = f"/* {name} */\nconst {variable} = (() => {{\n{text}\nreturn {{ {returned} }};\n}})();"
    return variable


def _variable(path: Path, root: Path, libraries: Mapping[str, Path]) -> str:
    if not path.is_file():
        raise JoinError(f"There is no module {path}: correct the import.")
    name = str(path.relative_to(root)) if path.is_relative_to(root) else f"library/{path.name}"
    if not path.is_relative_to(root) and path not in libraries.values():
        raise JoinError(f"{path} is neither below {root} nor a library.")
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js").removesuffix(".mjs"))


def _pairs(names: str) -> list[tuple[str, str]]:
    """Return the names of a list such as `a, b as c`, with what they become."""
    pairs = [each.split() for each in names.split(",") if each.strip()]
    return [(pair[0], pair[-1]) for pair in pairs]


def _binding(names: str, variable: str) -> str:
    if names.startswith("*"):
        return f"const {names.rsplit(maxsplit=1)[-1]} = {variable};"
    if not names.startswith("{"):
        return f"const {names} = {variable}.default;"
    taken = ", ".join(name if name == to else f"{name}: {to}" for name, to in _pairs(names.strip("{}")))
    return f"const {{ {taken} }} = {variable};"
