"""Folders that are made once, by what they are made from."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import mkdtemp


def digest(parts: Iterable[str]) -> str:
    """Return a name for what is made from these parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def cached(cache: Path, parts: Iterable[str], fill: Callable[[Path], None]) -> Path:
    """Return the read-only folder that `fill` makes from these parts; it is filled once."""
    folder = cache / digest(parts)
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(dir=cache))
    try:
        fill(draft)
        _publish(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _publish(draft: Path, folder: Path) -> None:
    draft.chmod(0o755)  # a temporary folder is for its maker's eyes only, a copy of it would be too
    try:
        draft.rename(folder)
    except OSError:
        # Another process may have been faster; it has put the same there.
        if not folder.exists():
            raise
