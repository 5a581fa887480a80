"""The copying of folders by hard links."""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path


def link_tree(
    source: Path, target: Path, ignore: Callable[[str, list[str]], Iterable[str]] | None = None
) -> None:
    """Copy a folder by hard links where possible, since nobody writes to these files."""
    shutil.copytree(source, target, ignore=ignore, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except FileExistsError:
        pass  # the same library, already linked from another folder
    except OSError:
        shutil.copy(source, target)
    return target
