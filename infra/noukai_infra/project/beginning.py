"""The beginning of a project: a folder with a flow, its test, its settings and its workflow."""

import re
from pathlib import Path

from noukai_infra.project.package import requirement

TEMPLATE = Path(__file__).with_name("template")
_LONGEST_STACK = 40


class FolderError(ValueError):
    """An error about the folder of a new project; the message names it."""


def begin_project(folder: Path, package: str | None = None) -> list[Path]:
    """Make a project in an empty or new folder; return its files.

    `package` is what its `requirements.txt` installs: a wheel's path or a URL.

    Raises:
        FolderError: the folder is not empty.
        PackageError: `package` is neither a wheel nor a URL.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderError(f"{folder} is not empty: name a new folder.")
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        values = {
            "PACKAGE": requirement(package, folder),
            "STACK": stack_of(folder),
            "NAME": folder.resolve().name,
        }
    except ValueError:
        if is_new:
            folder.rmdir()
        raise
    for path in sorted(TEMPLATE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            _write(path, folder / _place(path.relative_to(TEMPLATE)), values)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def stack_of(folder: Path) -> str:
    """Return the name of a project's stack: the folder's name, reduced to allowed characters."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower())[:_LONGEST_STACK].strip("-")
    return name if name[:1].isalpha() else f"noukai-{name}".rstrip("-")


def _place(path: Path) -> Path:
    """Return the path of a template's file; a leading underscore becomes a dot."""
    return Path(*(f".{part[1:]}" if part.startswith("_") else part for part in path.parts))


def _write(template: Path, path: Path, values: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    path.write_text(text, encoding="utf-8")
