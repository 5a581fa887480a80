"""The beginning of a repository: a folder with a flow, its test, its settings and its workflow."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from noukai_infra.repository.distribution import Requirement

TEMPLATE = Path(__file__).with_name("template")
EXAMPLES = Path(__file__).with_name("examples")
_EXAMPLES_README = "example.md"
_REQUIREMENTS = "requirements.txt"
_LONGEST_STACK = 40
_FLOWS = "flows"
_README = Path("README.md")
_OTHER_README = Path("NOUKAI.md")
"""The page of a repository that has a README already."""

_PYTEST = Path("pytest.ini")
_OTHER_PYTESTS = {"pyproject.toml": "[tool.pytest", "tox.ini": "[pytest]", "setup.cfg": "[tool:pytest]"}
"""The files that may have pytest's settings, and how those begin: a `pytest.ini` would replace them."""

_OF_LINES = {".gitignore", "requirements.txt", "pytest.ini"}
"""The files to which a reader can add lines."""


class FolderError(ValueError):
    """An error about the folder of a new repository; the message names it."""


class ExampleError(ValueError):
    """An error about an example that does not exist; the message names those that do."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The files of a begun repository: `made` are new, `kept` were there and are unchanged.

    A kept file comes with the lines that it lacks. It has none if it is as ours, and None if it is another
    text, to which no line can be added.
    """

    page: Path
    """The page to read first."""
    made: list[Path]
    kept: Mapping[Path, list[str] | None]


def begin_repository(folder: Path, requirement: Requirement, example: str | None = None) -> Beginning:
    """Make a repository in a folder, which may have files: none of them is changed.

    Raises:
        FolderError: the folder has a flow of the repository already, or a file in the place of a folder.
        ExampleError: there is no such example.
    """
    texts = dict(_texts(folder, requirement, example))
    _check(folder, [*texts, *requirement.files])
    kept: dict[Path, list[str] | None] = {}
    if (folder / _README).exists():
        texts[_OTHER_README] = texts.pop(_README)
        kept[_README] = [f"Background jobs: see [{_OTHER_README}]({_OTHER_README})."]
    contents = {path: text.encode() for path, text in texts.items()}
    contents |= {path: source.read_bytes() for path, source in requirement.files.items()}
    kept |= {path: _missing(folder / path, contents.pop(path)) for path in _there(folder, contents)}
    if _PYTEST in contents and (other := _other_pytest(folder)) is not None:
        kept[other] = _lines(contents.pop(_PYTEST))
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return Beginning(
        page=folder / (_README if _README in texts else _OTHER_README),
        made=sorted(folder / path for path in contents),
        kept={folder / path: kept[path] for path in sorted(kept)},
    )


def _check(folder: Path, paths: list[Path]) -> None:
    """Raise if a flow would be overwritten, or a file is in the place of a folder."""
    if folder.is_file():
        raise FolderError(f"{folder} is a file: name a folder.")
    for parent in {parent for path in paths for parent in path.parents}:
        if (folder / parent).is_file():
            raise FolderError(f"{folder / parent} is a file, where a folder is to be: move it away.")
    if flows := sorted(str(path) for path in _there(folder, paths) if path.parts[0] == _FLOWS):
        raise FolderError(
            f"{folder} has {', '.join(flows)}, which would be overwritten: move them away, or name "
            "another folder."
        )


def _there(folder: Path, paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if (folder / path).exists()]


def _missing(file: Path, content: bytes) -> list[str] | None:
    """Return the lines that a kept file lacks; None if it is another text."""
    there = file.read_bytes()
    if there == content:
        return []
    if file.name not in _OF_LINES:
        return None
    known = _lines(there)
    return [line for line in _lines(content) if line not in known]


def _lines(content: bytes) -> list[str]:
    """Return the lines of settings, without comments."""
    lines = (line.strip() for line in content.decode(errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "["))]


def _other_pytest(folder: Path) -> Path | None:
    """Return the file that has pytest's settings, if there is one beside `pytest.ini`."""
    for name, beginning in _OTHER_PYTESTS.items():
        file = folder / name
        if file.is_file() and beginning in file.read_text(encoding="utf-8", errors="replace"):
            return Path(name)
    return None


def examples() -> dict[str, str]:
    """Return the title of each example by its name."""
    readmes = sorted(EXAMPLES.glob(f"*/{_EXAMPLES_README}"))
    return {path.parent.name: _title(path) for path in readmes}


def stack_of(folder: Path) -> str:
    """Return the name of a repository's stack: the folder's name, reduced to allowed characters."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower())[:_LONGEST_STACK].strip("-")
    return name if name[:1].isalpha() else f"noukai-{name}".rstrip("-")


def _title(readme: Path) -> str:
    heading = readme.read_text(encoding="utf-8").partition("\n")[0]
    return heading.partition(": ")[2]


def _texts(folder: Path, requirement: Requirement, example: str | None) -> Iterator[tuple[Path, str]]:
    """Yield the place and the text of each file of a repository."""
    of_example = dict(_files(EXAMPLES / example)) if example in examples() else {}
    if example is not None and not of_example:
        raise ExampleError(f"There is no example {example}: use one of {', '.join(examples())}.")
    readme = of_example.pop(Path(_EXAMPLES_README), "")
    values = {
        "PACKAGE": requirement.line,
        "STACK": stack_of(folder),
        "NAME": folder.resolve().name,
        "EXAMPLE": f"{readme}\n" if readme else "",
        "REQUIREMENTS": of_example.pop(Path(_REQUIREMENTS), ""),
    }
    for path, text in _files(TEMPLATE):
        yield path, _filled(text, values)
    yield from of_example.items()


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the place and the text of each file; a leading underscore of a name stands for a dot."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            parts = path.relative_to(folder).parts
            place = Path(*(f".{part[1:]}" if part.startswith("_") else part for part in parts))
            yield place, path.read_text(encoding="utf-8")


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
