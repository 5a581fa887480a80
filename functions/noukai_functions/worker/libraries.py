"""The worker's own libraries, such as a pruned botocore, hidden from its flows."""

import os
import sys
from pathlib import Path

OWN = Path(__file__).resolve().parents[2] / "own"
"""The folder in a worker's asset; it does not exist elsewhere."""


def use_own(folder: Path = OWN) -> None:
    """Put our libraries first on the import path of this process; forked processes import the flows' own."""
    if folder.is_dir() and str(folder) not in sys.path:
        # Lambda's runtime may have loaded another botocore, for instance the flows' own.
        _forget(folder)
        sys.path.insert(0, str(folder))
        os.register_at_fork(after_in_child=lambda: _leave(folder))


def _leave(folder: Path) -> None:
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
        _forget(folder)


def _forget(folder: Path) -> None:
    """Remove the loaded modules that the folder also has; modules that imported them keep them."""
    names = {path.name.partition(".")[0] for path in folder.iterdir()}
    for name in [name for name in sys.modules if name.partition(".")[0] in names]:
        del sys.modules[name]
