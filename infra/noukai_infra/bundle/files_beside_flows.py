"""The report on files in a flows folder that are not flows."""

from collections.abc import Collection, Iterator
from pathlib import Path


def files_beside(flows: Path, included: Collection[Path]) -> Iterator[str]:
    """Yield a message for each such file; `included` are files that the requirements use."""
    for path in sorted(flows.iterdir()):
        if path.name == "__pycache__" or path.resolve() in included:
            continue
        if path.name.startswith("."):
            yield f"{path}: is hidden, and left out."
        elif path.name == "__init__.py":
            if path.read_text(encoding="utf-8", errors="replace").strip():
                yield f"{path}: is left out: no code of the folder runs before that of a module."
        elif path.is_file() and path.suffix != ".py":
            yield f"{path}: is not a module; it is copied beside the flows in the worker's asset."
