"""The wheel of the client, which flows may require, is made from what is installed."""

import csv
import zipfile
from importlib.metadata import version
from io import StringIO
from pathlib import Path

from noukai_infra.bundle.libraries.client_wheel import wheel_of_client


def test_wheel_has_the_client_alone(tmp_path: Path) -> None:
    """Neither functions nor infrastructure; its record names every file."""
    wheel = wheel_of_client(tmp_path)
    assert (wheel.name, wheel.version, wheel.is_for_this_machine_alone) == (
        "noukai",
        version("noukai"),
        False,
    )
    with zipfile.ZipFile(wheel.path) as archive:
        names = archive.namelist()
        info = f"noukai-{wheel.version}.dist-info"
        assert {name.partition("/")[0] for name in names} == {"noukai", "noukai_wire", info}
        assert {"noukai/py.typed", "noukai/flow/__init__.py", f"{info}/METADATA"} <= set(names)
        assert not any("__pycache__" in name for name in names)
        recorded = [row[0] for row in csv.reader(StringIO(archive.read(f"{info}/RECORD").decode()))]
    assert recorded == names


def test_wheel_is_the_same_each_time(tmp_path: Path) -> None:
    """Its hash is part of what the libraries of flows are kept by."""
    first, second = (wheel_of_client(tmp_path / name) for name in "ab")
    assert first.path.read_bytes() == second.path.read_bytes()
