"""The reads of secrets by a worker's asset: how many there are at a start, and through which client."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from noukai_infra.bundle.target import AssetName, Platform
from tests.infra.stack.template import Template

Assets = Callable[[AssetName, Platform], Path]

VALUE = "a-long-value"
PARAMETERS, SECRET = "AmazonSSM.GetParameters", "secretsmanager.GetSecretValue"
STARTS = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
before = time.perf_counter()
import noukai_functions.handlers.worker
seconds = time.perf_counter() - before
from noukai_functions.deployment import deployed
secrets = deployed().secrets
print(json.dumps([dict(secrets.values) if secrets else None, seconds, sorted(sys.modules)]))
"""
OF_SECRETS = ("noukai_functions.secrets", "noukai_wire.secret_sources")


class SecretsServer(ThreadingHTTPServer):
    """A stand-in for SSM and Secrets Manager, on the loopback interface; it notes what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.targets: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Headers and body go in one segment: the client's delayed acknowledgement would take 40 ms."""
    server: SecretsServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        target = self.headers["X-Amz-Target"]
        self.server.targets.append(target)
        content = json.dumps(_answer(target, asked)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Write no line for a request."""


def _answer(target: str, asked: Any) -> Any:
    if target == SECRET:
        return {"Name": asked["SecretId"], "SecretString": json.dumps({"a": VALUE, "b": VALUE})}
    assert target == PARAMETERS
    return {"Parameters": [{"Name": name, "Value": VALUE} for name in asked["Names"]]}


@pytest.fixture
def aws() -> Iterator[SecretsServer]:
    with SecretsServer() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def start(
    asset: Path, template: Template, aws: SecretsServer, sources: dict[str, str], **environment: str
) -> tuple[dict[str, str] | None, float, set[str]]:
    """Start a worker of an asset; return the values that it has read, the seconds, and its modules."""
    variables = template.functions()["worker"]["Environment"]["Variables"]
    given = {
        **{name: value if isinstance(value, str) else "of-the-stack" for name, value in variables.items()},
        **({"SECRETS": json.dumps(sources)} if sources else {}),
        "AWS_LAMBDA_FUNCTION_NAME": "worker",
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": os.environ["PATH"],
        **environment,
    }
    command = [sys.executable, "-S", "-c", STARTS, str(asset)]
    done = subprocess.run(command, env=given, check=True, capture_output=True, text=True)
    values, seconds, modules = json.loads(done.stdout.splitlines()[-1])
    return values, seconds, set(modules)


def parameters(count: int) -> dict[str, str]:
    return {f"P{number}": f"ssm:/p/{number}" for number in range(count)}


def secrets(count: int) -> dict[str, str]:
    return {f"S{number}": f"secretsmanager:s{number}#a" for number in range(count)}


@pytest.mark.parametrize(
    ("sources", "targets"),
    [
        (parameters(1), [PARAMETERS]),
        (parameters(10), [PARAMETERS]),
        (parameters(11), [PARAMETERS] * 2),
        (secrets(1), [SECRET]),
        (secrets(10), [SECRET] * 10),
        ({"ONE": "secretsmanager:s#a", "TWO": "secretsmanager:s#b"}, [SECRET]),
    ],
)
def test_start_reads_each_secret_once(
    asset: Assets, template: Template, aws: SecretsServer, sources: dict[str, str], targets: list[str]
) -> None:
    """Ten parameters in a request, a secret in one, without botocore."""
    values, _, modules = start(asset("worker", "host"), template, aws, sources)
    assert values == dict.fromkeys(sources, VALUE)
    assert aws.targets == targets
    assert "botocore.client" not in modules


def test_start_without_secrets_asks_and_imports_nothing(
    asset: Assets, template: Template, aws: SecretsServer
) -> None:
    """With a secret, a start imports the modules of secrets alone."""
    folder = asset("worker", "host")
    none, _, without = start(folder, template, aws, {})
    assert (none, aws.targets) == (None, [])
    assert not [name for name in without if name.startswith(OF_SECRETS)]
    _, _, modules = start(folder, template, aws, parameters(1))
    assert [name for name in modules - without if not name.startswith(OF_SECRETS)] == []


def test_worker_behind_a_proxy_reads_its_secrets(
    asset: Assets, template: Template, aws: SecretsServer
) -> None:
    """By botocore, whose shortened descriptions in the asset still have both operations."""
    sources = {**parameters(1), **secrets(1)}
    proxy = "http://127.0.0.1:9"
    values, _, modules = start(asset("worker", "host"), template, aws, sources, HTTPS_PROXY=proxy)
    assert values == dict.fromkeys(sources, VALUE)
    assert aws.targets == [PARAMETERS, SECRET]
    assert "botocore.client" in modules
