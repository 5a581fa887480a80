"""The work of each function while Lambda starts it, so that its first request has little left to do."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.bundle.target import AssetName, Platform
from tests.infra.stack.template import ENTRIES, Template

Assets = Callable[[AssetName, Platform], Path]

TABLE, BOTH = {"_dynamodb"}, {"_dynamodb", "_sqs"}
SUBMITS = {"admission", "budgets", "canary", "catalog", "api_keys", "queue", "queues", "table"}
HOOKS = {"api_keys", "budgets", "endpoints", "webhook_endpoints"}
DELIVERS = {"deliveries", "endpoints", "first_tries", "master", "poster", "url_rules", "_health", "_posts"}
MADE: dict[str, tuple[set[str], set[str]]] = {
    "submit": (SUBMITS, BOTH),
    "submit_jobs": (SUBMITS, BOTH),
    "execute": (SUBMITS, BOTH),
    "retry": (SUBMITS | {"saved_inputs", "lookup", "retries"}, BOTH),
    "upload": ({"catalog", "api_keys", "objects"}, {"_dynamodb", "_s3"}),
    **dict.fromkeys(("status", "wait", "trace"), ({"api_keys", "lookup", "outputs", "table"}, TABLE)),
    "logs": ({"api_keys", "followers", "log_following", "log_store", "lookup", "table"}, TABLE),
    "events": ({"api_keys", "lookup", "table"}, TABLE),
    "statuses": ({"api_keys", "outputs", "status_entries", "table"}, TABLE),
    "cancel": ({"cancellation", "api_keys", "outputs", "table"}, TABLE),
    "list_jobs": ({"catalog", "index", "job_pages", "api_keys", "table"}, TABLE),
    "cancel_jobs": ({"cancellation", "catalog", "index", "job_pages", "api_keys", "table"}, TABLE),
    "keys": ({"api_keys", "own_keys"}, TABLE),
    "usage": ({"api_keys", "budgets", "usage_totals"}, TABLE),
    "describe": ({"api_keys"}, TABLE),
    "dead_letters": ({"saved_inputs", "table", "unclaimed"}, TABLE),
    "metering": ({"bounds", "budgets", "budget_watch", "usage_totals"}, TABLE),
    "sweep": ({"rounds", "table"}, TABLE),
    "webhooks": (HOOKS, TABLE),
    "webhook_secrets": (HOOKS | {"catalog"}, TABLE),
    "reactions": ({"endpoints", "outbox", "outputs"}, BOTH),
    "deliver": (DELIVERS, {"_dynamodb", "_ssm"}),
    "schedules": ({"api_keys", "catalog", "schedules"}, TABLE),
    "tick": (SUBMITS | {"cancellation", "schedule_changes", "schedules", "schedules_in_code"}, BOTH),
}
"""The parts that each request of a function uses, and the clients that these call."""
OF_TRACES = {"noukai_wire.traces", "noukai_functions.telemetry.spans"}
"""The modules that only traced jobs use."""
STARTS = """
import json, sys
sys.path.insert(0, sys.argv[1])
__import__(f"noukai_functions.handlers.{sys.argv[2]}")
from noukai_functions.deployment import deployed
made = vars(deployed()).keys() - {"environment", "asset", "clock"}
print(json.dumps([sorted(made), sorted(sys.modules)]))
"""
WORKER_STARTS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from noukai_functions.worker.process.process import FlowProcess
done, waits, wait = [], [], FlowProcess.fails_to_import
def waited(process, seconds):
    waits.append([process.project, seconds])
    return wait(process, seconds)
FlowProcess.fails_to_import = waited
sys.addaudithook(lambda event, _: done.append(event) if event in ("os.fork", "socket.connect") else None)
import noukai_functions.handlers.worker
done = [*done]
from noukai_functions.deployment import deployed
ready = [deployed().processes.take(project, fresh=True) for project, _ in waits]
print(json.dumps([done, waits, [process.has_imported for process in ready], sorted(sys.modules)]))
for process in ready:
    process.close()
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yield a stand-in for all of AWS: it takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as made:
        made.settimeout(0)
        yield made


@pytest.mark.parametrize("entry", MADE)
def test_what_each_request_uses_is_made_and_connected(
    asset: Assets, template: Template, listener: socket.socket, entry: str
) -> None:
    """With the variables that the function has; nothing is sent, and what few requests use is left."""
    parts, clients = MADE[entry]
    made, modules = started(entry, asset("api", "host"), template, listener)
    assert set(made) == parts | clients
    assert ("fastjsonschema" in modules) == (entry in {"submit", "submit_jobs", "execute", "upload"})
    assert ("botocore.client" in modules) == (entry == "upload")
    assert ("aws_lambda_powertools" in modules) == (entry == "sweep")
    assert OF_TRACES.isdisjoint(modules)
    sent = list(received(listener))
    assert sent == [b""] * len(clients & BOTH)


def test_every_function_gets_ready() -> None:
    """A new one has to say what its requests use; the worker has a test of its own."""
    assert {*MADE, "worker"} == {*ENTRIES}


def test_service_that_is_away_does_not_keep_a_function_from_its_start(
    asset: Assets, template: Template
) -> None:
    """Its first request tries again, and answers with what it finds."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()
    made, _ = started("submit", asset("api", "host"), template, address=address)
    assert set(made) >= SUBMITS


def test_worker_imports_its_flows_and_then_connects(
    asset: Assets, template: Template, listener: socket.socket
) -> None:
    """In the process of each project, which has none of its connections, and for eight seconds at most."""
    started_worker = started("worker", asset("worker", "host"), template, listener, script=WORKER_STARTS)
    done, waits, ready, modules = started_worker
    assert done == ["os.fork", "socket.connect", "socket.connect"]
    ((project, seconds),) = waits
    assert (project, 7 < seconds <= 8, ready) == ("demo", True, [True])
    assert OF_TRACES.isdisjoint(modules)
    assert list(received(listener)) == [b"", b""]


def started(
    entry: str,
    folder: Path,
    template: Template,
    listener: socket.socket | None = None,
    address: tuple[str, int] | None = None,
    *,
    script: str = STARTS,
) -> Any:
    """Import a function as Lambda does; return the parts that are made, and the loaded modules."""
    host, port = address or (listener.getsockname() if listener else ("", 0))
    variables = template.functions()[entry]["Environment"]["Variables"]
    environment = {
        **{name: value if isinstance(value, str) else "of-the-stack" for name, value in variables.items()},
        "AWS_LAMBDA_FUNCTION_NAME": entry,
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-S", "-c", script, str(folder), entry]
    result = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def received(listener: socket.socket) -> Iterator[bytes]:
    """Give what came over each connection, which its process has closed by its end."""
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        with connection:
            yield connection.recv(1)
