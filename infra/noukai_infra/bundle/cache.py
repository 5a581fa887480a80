"""The cache of folders by the inputs that they are made from."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import mkdtemp


def digest(parts: Iterable[str]) -> str:
    """Return a hash of these inputs, as a folder's name."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def cached(cache: Path, parts: Iterable[str], fill: Callable[[Path], None]) -> Path:
    """Return the read-only folder that `fill` makes from these inputs; it is filled once."""
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
    draft.chmod(0o755)  # a temporary folder is readable by its owner only, and so would be its copies
    try:
        draft.rename(folder)
    except OSError:
        # Another process may already have made the same folder.
        if not folder.exists():
            raise
