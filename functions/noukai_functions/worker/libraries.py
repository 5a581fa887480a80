"""The worker's own libraries, hidden from its flows: a pruned botocore."""

import os
import sys
from pathlib import Path

OWN = Path(__file__).resolve().parents[2] / "own"
"""The folder in the worker's asset; wherever else this runs there is none."""


def use_own(folder: Path = OWN) -> None:
    """Put our libraries first in this process only; forked processes find the flows' own."""
    if folder.is_dir() and str(folder) not in sys.path:
        # What starts the worker may have loaded a botocore, for instance that of the flows.
        _forget(folder)
        sys.path.insert(0, str(folder))
        os.register_at_fork(after_in_child=lambda: _leave(folder))


def _leave(folder: Path) -> None:
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
        _forget(folder)


def _forget(folder: Path) -> None:
    """Forget the loaded modules with names as in the folder; importers keep theirs."""
    names = {path.name.partition(".")[0] for path in folder.iterdir()}
    for name in [name for name in sys.modules if name.partition(".")[0] in names]:
        del sys.modules[name]
