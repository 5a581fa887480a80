"""The main module of the processes that a flow starts by `spawn` or `forkserver`: they find the flows' modules, too."""

from pathlib import Path

from functions.registry import open_folder

open_folder(Path(__file__).resolve().parent.parent / "flows")
