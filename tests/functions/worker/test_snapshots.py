"""SnapStart: what is the same in two environments restored from one snapshot, and what must differ."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.deployment import Deployment
from noukai_functions.secrets.worker_secrets import WorkerSecrets
from noukai_functions.snapshots import after_restore, before_snapshot
from noukai_functions.worker.process import pool
from noukai_wire.secret_sources import Values
from tests.bench.machine.loopback import serving
from tests.functions.harness import System, output
from tests.functions.stand_ins.snap_start import Runtime, init_of_submit

RESTORED = """
import json, os, random, sys, uuid
import numpy.random
import noukai_functions.handlers.submit
from noukai_functions.deployment import deployed
from noukai_functions.requests.admission import job_id, secrets
from snapshot_restore_py import get_after_restore, get_before_snapshot

connections = lambda: [deployed()._dynamodb._connection._kept, deployed()._sqs._connection._kept]
at_init = [each is not None for each in connections()]
deployed().connect()  # as a library of INIT might
for hook, arguments, named in reversed(get_before_snapshot()):
    hook(*arguments, **named)
in_snapshot = [each is not None for each in connections()]

state = random.getstate()

def restored(hooks):
    reading, writing = os.pipe()
    if os.fork() == 0:
        random.setstate(state)  # Python seeds it after a fork, which a restore is not
        for hook, arguments, named in hooks:
            hook(*arguments, **named)
        opened = [each and each.sock.getsockname()[1] for each in connections()]
        row = {"id": {"S": "a"}}
        deployed()._dynamodb.get_item(TableName="t", Key=row)
        job = job_id("acme", "demo/word-count", secrets.token_hex(20))
        said = [random.random(), float(numpy.random.random()), str(uuid.uuid4()), job, opened]
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = json.loads(pipe.read())
    os.wait()
    return said

copies = [restored(hooks) for hooks in ([], [], get_after_restore(), get_after_restore())]
print(json.dumps([at_init, in_snapshot, copies]))
"""
DRAWING = """
import os, random, time
import numpy.random
from noukai.flow import flow
from snapshot_restore_py import register_after_restore, register_before_snapshot

random.seed(1)
numpy.random.seed(1)
seen = []

@register_before_snapshot
def close() -> None:
    seen.append("closed")

@register_after_restore
def connect() -> None:
    if "BROKEN" in os.environ:
        raise ConnectionError("no database")
    if "HANGS" in os.environ:
        time.sleep(600)
    os.environ["CONNECTED"] = "yes"
    seen.append("connected")

@flow
def draw() -> list:
    drawn = [random.random(), float(numpy.random.random())]
    return [drawn, seen, os.environ.get("CONNECTED"), os.getpid()]
"""


def test_copies_of_a_function_of_the_api_differ() -> None:
    """Forks of a process after INIT stand for environments: without the hooks they draw the same numbers."""
    with init_of_submit() as (aws, environment):
        done = subprocess.run(
            [sys.executable, "-c", RESTORED], env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    at_init, in_snapshot, (one, other, third, fourth) = json.loads(done.stdout)
    assert at_init == in_snapshot == [False, False]
    assert one[:2] == other[:2], "without hooks the copies must be the same, or this test shows nothing"
    assert all(mine != yours for mine, yours in zip(third, fourth, strict=True))
    assert third[0] != one[0]
    assert all(third[4])
    # Each copy reads its own credentials, and signs with them.
    assert len({*aws.tokens}) == len(aws.tokens) == 4


def test_lambdas_runtime_runs_the_hooks() -> None:
    """Under its own client nothing connects before the snapshot, but after it, and then events are served."""
    with init_of_submit() as (aws, environment):
        runtime = Runtime(aws)
        with serving(runtime):
            process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", "noukai_functions.handlers.submit.handler"],
                env={**environment, "AWS_LAMBDA_RUNTIME_API": runtime.address},
            )
            try:
                assert runtime.is_over.wait(60)
                assert aws.opened.acquire(timeout=60)
            finally:
                process.kill()
                process.wait()
    assert runtime.connections == 0
    assert json.loads(runtime.said)["statusCode"] == 401


@pytest.fixture
def asset(tmp_path: Path) -> Path:
    """Return the folder that `system` deploys."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "drawing.py").write_text(DRAWING)
    build_catalog(tmp_path / "flows", tmp_path / "catalog")
    for name in ("drawing", "flows.drawing"):  # so that each process imports the module itself
        sys.modules.pop(name, None)
    return tmp_path


def drawn_after(system: System, *moments: Any) -> Any:
    """Return what a flow draws in a process that was started ahead, and lived through these moments."""
    system.deployment.processes.get_ready(["drawing"], 60)
    for moment in moments:
        moment(system.deployment)
    job_id = system.submit("drawing/draw").body["id"]
    system.deliver()
    drawn = output(system.status(job_id))
    system.deployment.processes.close()
    return drawn


def test_copies_of_a_flow_process_differ(system: System) -> None:
    """It is kept with its module, gets new seeds, and runs the hooks of the module, whose changes stay."""
    (same, seen, _, _), (again, _, _, _) = (drawn_after(system) for _ in range(2))
    assert same == again, "without hooks the copies must be the same, or this test shows nothing"
    assert seen == []
    one, other = (drawn_after(system, before_snapshot, after_restore) for _ in range(2))
    for drawn, seen, connected, _ in (one, other):
        assert (seen, connected) == (["closed", "connected"], "yes")
        assert all(mine != fixed for mine, fixed in zip(drawn, same, strict=True))
    assert all(mine != yours for mine, yours in zip(one[0], other[0], strict=True))


def test_process_is_the_one_of_the_snapshot(system: System) -> None:
    """Its libraries are not imported again, which is what a snapshot is for."""
    processes = system.deployment.processes
    processes.get_ready(["drawing"], 60)
    before = processes.take("drawing", fresh=True)
    processes.give_back(before)
    for moment in (before_snapshot, after_restore):
        moment(system.deployment)
    after = processes.take("drawing", fresh=True)
    assert after.pid == before.pid
    processes.give_back(after)


def test_process_whose_hook_fails_is_replaced(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job gets a process that imports the module anew, and the log names the project."""
    monkeypatch.setenv("BROKEN", "yes")
    with patch.object(pool, "logger") as logger:
        drawn, seen, _, _ = drawn_after(system, before_snapshot, after_restore)
    (said,) = logger().warning.call_args_list
    assert said.kwargs["extra"] == {"project": "drawing", "moment": "after_restore"}
    assert seen == []
    assert len(drawn) == 2


def test_process_whose_hook_hangs_is_replaced(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda gives all hooks ten seconds, after which the environment would not start."""
    monkeypatch.setenv("HANGS", "yes")
    processes = system.deployment.processes
    processes.get_ready(["drawing"], 60)
    processes.tell("after_restore", 0.2)
    assert processes._idle == []


def test_secrets_are_read_again(system: System) -> None:
    """Those of the snapshot may have been rotated since; a process that has them is replaced."""
    values = iter(["first-value", "second-value"])
    deployment = with_secrets(system.deployment, lambda: next(values))
    secrets = deployment.secrets
    assert secrets is not None
    assert secrets.is_ready()
    deployment.processes.get_ready(["drawing"], 60)
    after_restore(deployment)
    assert secrets.values == {"PASSWORD": "second-value"}
    assert deployment.processes._idle == []
    deployment.processes.close()


def with_secrets(deployment: Deployment, read: Any) -> Deployment:
    """Return the deployment with a secret."""
    secrets = WorkerSecrets(lambda: Values({"PASSWORD": read()}, {}), lambda _: None, deployment.clock)
    vars(deployment)["secrets"] = secrets
    return deployment
