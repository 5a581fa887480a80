"""The main module of processes that a flow spawns, which makes the flows' modules importable."""

from pathlib import Path

from functions.registry import open_folder

open_folder(Path(__file__).resolve().parent.parent / "flows")
