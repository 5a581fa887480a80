"""The main module of processes that a flow spawns; it makes the flows' modules importable."""

from pathlib import Path

from noukai_functions.worker.inside.flow_loader import open_folder

open_folder(Path(__file__).resolve().parents[3] / "flows")
