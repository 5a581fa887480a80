"""The functions that `@on_start` decorates: each runs once in a process, before its first attempt."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noukai.flow import on_start
from noukai_functions.build.catalog_build import build_catalog
from tests.functions.harness import System, output

STARTING = """
import asyncio, os
from pathlib import Path
from noukai.flow import flow, on_start
from _shared import shared

HERE = Path(__file__).parent
model = []

@on_start
def load() -> None:
    if (HERE / "broken").exists():
        raise ConnectionError("no model store")
    if (HERE / "dies").exists():
        os._exit(7)
    model.append(os.getpid())

@on_start
async def connect() -> None:
    await asyncio.sleep(0)
    model.append(len(model))

@flow(max_attempts=2, backoff=0)
def ask() -> list:
    return [model == [os.getpid(), 1], len(shared), os.getpid()]

@flow
def die() -> None:
    os._exit(1)
"""
SHARED = """
from noukai.flow import on_start
shared = []

@on_start
def fill() -> None:
    shared.append(1)
"""
OTHER = """
from noukai.flow import flow, on_start
from starting import model

begun = []

@on_start
def begin() -> None:
    begun.append(1)

@flow
def look() -> list:
    return [len(begun), len(model)]
"""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """Return a folder of two projects with a helper, and their catalog beside it."""
    folder = tmp_path / "flows"
    folder.mkdir()
    for name, source in {"starting": STARTING, "_shared": SHARED, "other": OTHER}.items():
        (folder / f"{name}.py").write_text(source)
    return folder


@pytest.fixture
def asset(flows: Path) -> Path:
    """Return the folder that `system` deploys."""
    build_catalog(flows, flows.parent / "catalog")
    return flows.parent


def run(system: System, flow: str) -> Any:
    """Return the status of a new job after one delivery."""
    job_id = system.submit(flow).body["id"]
    system.deliver()
    return system.status(job_id)


def test_runs_once_in_each_process(system: System) -> None:
    """Two jobs share what was made; a process that replaces a dead one makes it again."""
    first, second = (output(run(system, "starting/ask")) for _ in range(2))
    assert first == second == [True, 1, first[2]]
    run(system, "starting/die")
    third = output(run(system, "starting/ask"))
    assert third[:2] == [True, 1]
    assert third[2] != first[2]


def test_runs_before_any_job(system: System) -> None:
    """A process that is started ahead has run it when the first job comes."""
    pool = system.deployment.processes
    pool.get_ready(["starting"], 30)
    process = pool.take("starting", fresh=False)
    assert process.has_imported
    pool.give_back(process)
    assert output(run(system, "starting/ask")) == [True, 1, process.pid]


def test_belongs_to_its_project(system: System) -> None:
    """A project that imports another's module runs its own functions, not the other's."""
    assert output(run(system, "other/look")) == [1, 0]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("broken", "ConnectionError: no model store"),
        ("dies", "ProcessDied: the flow's process ended itself with status 7 while it imported"),
    ],
)
def test_failure_costs_an_attempt(system: System, flows: Path, file: str, said: str) -> None:
    """The job is told what failed and where, and the next attempt tries again."""
    (flows / file).touch()
    job_id = system.submit("starting/ask").body["id"]
    system.deliver()
    status = system.status(job_id)
    assert (status["state"], status["attempt"]) == ("pending", 1)
    assert said in status["lastError"]
    if file == "broken":
        assert "raised by load, which @on_start runs before any job" in status["lastError"]
    (flows / file).unlink()
    assert output(run(system, "other/look")) == [1, 0]
    assert output(system.status(job_id))[:2] == [True, 1]


def test_build_runs_nothing(flows: Path) -> None:
    """What needs a service is not run where the catalog is made."""
    (flows / "broken").touch()
    build_catalog(flows, flows.parent / "catalog")


def _needing(path: str) -> str:
    return path


def _yielding() -> Iterator[int]:
    yield 1


async def _yielding_later() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (_needing, "_needing must take no arguments, but needs path"),
        (_yielding, "_yielding must not be a generator"),
        (_yielding_later, "_yielding_later must not be a generator"),
    ],
)
def test_unusable_functions_are_refused(function: Any, said: str) -> None:
    """They are refused where they are decorated, and so by the build."""
    with pytest.raises(TypeError, match=said):
        on_start(function)
