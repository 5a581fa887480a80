"""The imports of flows, in the build and in the worker."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.dependencies import Dependencies
from tests.infra.bundle.wheels import make_wheel

Write = Callable[..., Path]


@pytest.mark.parametrize("name", ["infra", "tests", "noukai.testing"])
def test_what_is_only_in_this_repository_is_missed_at_build_time(
    write: Write, flows: Path, name: str
) -> None:
    """It is in no asset."""
    module = flows / "texts.py"
    module.write_text(f"import {name}\n{module.read_text()}")
    with pytest.raises(BundleError, match=rf"texts\.py:1.*No module named '{name}'"):
        write("worker", "host", flows)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "from noukai import Noukai\n",
            r"texts\.py:1: .*'Noukai' .*: add noukai to .*flows/requirements\.txt",
        ),
        ("from functions.flow import flow\n", r"texts\.py:1: .*'functions': .* `from noukai\.flow import "),
        ("import yaml\n", r"texts\.py:1: .*'yaml': add pyyaml to .*flows/requirements\.txt"),
        ("from flows_of_mine import shop\n", r"add flows-of-mine to "),
        (
            "from aws_lambda_powertools.utilities import parser\n",
            r"texts\.py:1: .*: add aws-lambda-powertools to ",
        ),
        (
            "def later():\n    from noukai import Noukai\n",
            r"texts\.py:2: .*'noukai' .*: add noukai to .*requirements\.txt",
        ),
    ],
)
def test_import_that_would_fail_in_the_worker_fails_the_build(
    write: Write, flows: Path, source: str, said: str
) -> None:
    """With what to add, be it in a function that no build calls."""
    module = flows / "texts.py"
    module.write_text(source + module.read_text())
    with pytest.raises(BundleError, match=said):
        write("worker", "host", flows)


def test_import_that_may_fail_does_not_fail_the_build(write: Write, flows: Path) -> None:
    """Somebody has thought of it."""
    module = flows / "texts.py"
    module.write_text(
        "import sys\ntry:\n    import nothing_like_it\nexcept ImportError:\n    nothing_like_it = None\n"
        "def later():\n    if sys.platform == 'win32':\n        import winreg\n" + module.read_text()
    )
    write("worker", "host", flows)


THE_FLOWS_OWN = """
import os, sys
sys.path[:0] = sys.argv[1:]
import noukai_functions.handlers.worker, botocore
assert "/own/" in botocore.__file__
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
import boto3
{}
"""


@pytest.mark.parametrize(
    ("requirement", "check"),
    [
        (
            None,
            "import botocore; boto3.client('ec2', 'eu-west-1'); assert '/own/' not in botocore.__file__",
        ),
        ("../boto3-9.0-py3-none-any.whl", "assert boto3.WHOSE == 'theirs'"),
    ],
)
def test_flow_has_the_boto3_of_the_runtime_or_of_its_requirements(
    write: Write, flows: Path, tmp_path: Path, requirement: str | None, check: str
) -> None:
    """Whole, while the worker itself has a botocore with little more than it calls, in the same asset."""
    if requirement:
        make_wheel(tmp_path, "boto3", "WHOSE = 'theirs'\n", version="9.0")
        (flows / "requirements.txt").write_text(requirement)
    (flows / "texts.py").write_text("import boto3\n" + (flows / "texts.py").read_text())
    folder = write("worker", "host", flows)
    runtime = Dependencies("host").of_runtime()
    command = [sys.executable, "-I", "-S", "-c", THE_FLOWS_OWN.format(check), str(folder), str(runtime)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_flow_may_call_the_client_where_it_is_required(write: Write, flows: Path) -> None:
    """It is this repository's, and comes with what it needs."""
    (flows / "requirements.txt").write_text("noukai\n")
    (flows / "texts.py").write_text("from noukai import Noukai\n" + (flows / "texts.py").read_text())
    folder = write("worker", "manylinux", flows)
    assert {"noukai", "noukai_wire", "httpx"} <= {path.name for path in folder.iterdir()}


SPAWNS = """
import sys
sys.path[:0] = sys.argv[1:]
from noukai_functions.worker.inside.flow_loader import open_folder
from pathlib import Path
open_folder(Path(sys.argv[1], "flows"))
import flows.shop
from multiprocessing import get_context
if __name__ == "__main__":
    with get_context("spawn").Pool(1) as pool:
        (item,) = pool.map(flows.shop.sell, ["nut"])
    assert type(item) is flows.shop.Item, type(item)
"""


def test_modules_are_one_in_a_process_that_python_starts_anew(
    write: Write, flows: Path, tmp_path: Path
) -> None:
    """For a part of a flow: what it makes of a neighbour's class comes back as such."""
    (flows / "_items.py").write_text("class Item: ...\n")
    (flows / "shop.py").write_text(
        "from _items import Item\nimport flows._items\n"
        "def sell(what):\n    item = flows._items.Item()\n    assert isinstance(item, Item)\n    "
        "return item\n"
    )
    script = tmp_path / "script.py"
    script.write_text(SPAWNS)
    command = [sys.executable, "-I", "-S", str(script), str(write("worker", "host", flows))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
