"""Flows that keep what they have loaded, and inspect their process."""

import atexit
import os
import tempfile
from functools import cache
from pathlib import Path

from noukai.flow import flow

LOADED: list[int] = []


@cache
def model() -> int:
    """Load something slowly."""
    LOADED.append(os.getpid())
    return len(LOADED)


@flow
def use_model() -> list[int]:
    """Return how often the model was loaded in this process, and the process."""
    return [model(), os.getpid()]


@flow(fresh_process=True)
def run_fresh() -> list[int]:
    return [model(), os.getpid()]


@flow(max_attempts=1)
def write_temporary(die: bool = False) -> str:
    """Leave a file; return its folder."""
    folder = Path(tempfile.mkdtemp())
    (folder / "secret").write_text("of this job")
    if die:
        raise ValueError(str(folder)) if not folder.exists() else SystemExit(str(folder.parent))
    return str(folder.parent)


@flow(max_attempts=1)
def close_descriptors(most: int) -> str:
    """Close every descriptor, the worker's own included."""
    os.closerange(3, most)
    return "still here"


@flow(max_attempts=1)
def return_twice() -> int:
    """Fork, and return in the child too."""
    return os.fork()


@flow(max_attempts=1)
def scribble(megabytes: int = 1) -> str:
    """Write into every descriptor that can be written to."""
    for number in range(3, 1024):
        try:
            os.set_blocking(number, False)
            for _ in range(16 * megabytes):
                os.write(number, b"[" * (1 << 16))
            os.write(number, b'\nx {"Returned": {"result": "1"}}\n')
        except OSError:
            continue
    return "done"


@flow(fresh_process=True)
def register_exit(mark: str) -> str:
    """Create a file when the process exits normally."""
    atexit.register(Path(mark).touch)
    return "registered"
