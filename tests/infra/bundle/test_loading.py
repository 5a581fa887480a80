"""The modules that each function loads."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_infra.bundle.target import AssetName, Platform
from tests.infra.stack.template import API as ANSWERING

Assets = Callable[[AssetName, Platform], Path]

MOST_MODULES = 186
"""A dozen of them are our packages, which hold nothing but a docstring."""
LATER = {"aws_lambda_powertools", "asyncio", "botocore", "fastjsonschema"}
WORKERS = {"flows", "pydantic", "pydantic_core"}
NEVER = {"httpx", "aws_cdk", "moto", "noukai", "boto3", "noukai_infra"}
API = [*ANSWERING, "dead_letters", "sweep", "tick", "metering"]
LISTS_WHAT_AN_ENTRY_LOADS = """
import json, sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
handler = __import__(sys.argv[2], fromlist=["handler"]).handler
assert callable(handler)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def modules(folder: Path, entry: str) -> set[str]:
    """Return the modules that importing an entry loads, with the asset and the standard library alone."""
    result = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            LISTS_WHAT_AN_ENTRY_LOADS,
            str(folder),
            f"noukai_functions.handlers.{entry}",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(result.stdout))


def loaded(folder: Path, entry: str) -> set[str]:
    """Return the top-level packages of these."""
    return {name.split(".")[0] for name in modules(folder, entry)}


@pytest.mark.parametrize("entry", API)
def test_entry_of_the_api_loads_neither_pydantic_nor_a_flow(asset: Assets, entry: str) -> None:
    """A submission is checked from what was made at build time."""
    assert not loaded(asset("api", "host"), entry) & (NEVER | WORKERS)


@pytest.mark.parametrize("entry", [*API, "worker"])
def test_entry_loads_nothing_that_a_first_request_may_do_without(asset: Assets, entry: str) -> None:
    """No botocore, no event loop, no logger before something is logged, and few modules."""
    names = modules(asset("worker" if entry == "worker" else "api", "host"), entry)
    assert not {name.split(".")[0] for name in names} & {
        "aws_lambda_powertools",
        "asyncio",
        "botocore",
        "fastjsonschema",
    }
    assert len(names) < MOST_MODULES


CALLS_AWS = """
import os, sys
os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
sys.path.insert(0, sys.argv[1])
from noukai_functions.aws import AwsError, client
for service in ("dynamodb", "sqs"):
    os.environ["AWS_ENDPOINT_URL"] = "https://localhost:1"
    try:
        client(service).call("Any", {})
    except AwsError:
        pass
assert "botocore" not in sys.modules
"""


@pytest.mark.parametrize("name", ["api", "worker"])
def test_table_and_queue_are_called_without_botocore(asset: Assets, name: AssetName) -> None:
    """It takes two thirds of a start, and most of a call."""
    subprocess.run([sys.executable, "-I", "-S", "-c", CALLS_AWS, str(asset(name, "host"))], check=True)


@pytest.mark.parametrize("entry", API)
def test_entry_of_the_api_is_complete(asset: Assets, entry: str) -> None:
    """It is imported from its own asset and the standard library."""
    assert "noukai_functions" in loaded(asset("api", "host"), entry)


def test_worker_is_complete(asset: Assets) -> None:
    """It is imported from its asset, without what only the client, the stack or the tests need."""
    folder = asset("worker", "host")
    assert not loaded(folder, "worker") & (NEVER - {"noukai"})
    of_client = {name for name in modules(folder, "worker") if name.startswith("noukai.")}
    assert {".".join(name.split(".")[:2]) for name in of_client} == {"noukai.flow"}
    there = {path.stem for path in (folder / "noukai_functions" / "handlers").glob("*.py")}
    assert not there & set(API)
