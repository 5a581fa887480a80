"""The beginning of a repository: a folder with a flow, its test, its settings and its workflow."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from noukai_infra.repository.distribution import Requirement

TEMPLATE = Path(__file__).with_name("template")
EXAMPLES = Path(__file__).with_name("examples")
_EXAMPLES_README = "example.md"
_REQUIREMENTS = "requirements.txt"
_LONGEST_STACK = 40


class FolderError(ValueError):
    """An error about the folder of a new repository; the message names it."""


class ExampleError(ValueError):
    """An error about an example that does not exist; the message names those that do."""


def begin_repository(folder: Path, requirement: Requirement, example: str | None = None) -> list[Path]:
    """Make a repository in a folder, which may exist; return the files that it has made.

    Raises:
        FolderError: the folder has a file that the repository would overwrite.
        ExampleError: there is no such example.
    """
    made = dict(_texts(folder, requirement, example))
    if folder.is_file():
        raise FolderError(f"{folder} is a file: name a folder.")
    there = sorted(str(path) for path in (*made, *requirement.files) if (folder / path).exists())
    if there:
        raise FolderError(
            f"{folder} has {', '.join(there)}, which would be overwritten: move them away, or name "
            "another folder."
        )
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for path, source in requirement.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / path)
    return sorted(folder / path for path in (*made, *requirement.files))


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
