"""The surroundings of a function with SnapStart: AWS, Lambda's credentials, and its runtime API."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Semaphore
from typing import Any

from tests.bench.machine.loopback import Handler, Server, json_bytes, serving

EVENT = {
    "routeKey": "POST /api/v1/seq/{org}/{project}/{flow}/jobs",
    "rawPath": "/api/v1/seq/acme/demo/word-count/jobs",
    "rawQueryString": "",
    "headers": {},
    "pathParameters": {"org": "acme", "project": "demo", "flow": "word-count"},
    "requestContext": {"requestId": "r", "timeEpoch": 0, "http": {"method": "POST", "sourceIp": "10.0.0.1"}},
}


class Aws(Server):
    """A stand-in for DynamoDB and SQS, and for Lambda's server of credentials."""

    def __init__(self) -> None:
        super().__init__(_Answering)
        self.reads = self.connections = 0
        self.opened = Semaphore(0)
        self.tokens: list[str] = []
        """The session token of each call of a service."""

    def get_request(self) -> Any:
        self.connections += 1
        self.opened.release()
        return super().get_request()


class _Answering(Handler):
    server: Aws

    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        self.server.reads += 1
        if self.headers["Authorization"] != "let-me":
            self.answer(403, b"{}")
            return
        until = datetime.now(UTC) + timedelta(hours=1)
        self.answer(
            200,
            json_bytes(
                {
                    "AccessKeyId": "AKIDLAMBDA",
                    "SecretAccessKey": "s",
                    "Token": f"session-{self.server.reads}",
                    "Expiration": until.isoformat(),
                }
            ),
        )

    def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
        self.body()
        self.server.tokens.append(self.headers["x-amz-security-token"])
        self.answer(200, b"{}")


class Runtime(Server):
    """A stand-in for Lambda's runtime API, which restores once, and hands out one event."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(_Runtime)
        self.aws = aws
        self.connections = -1
        """How many connections to AWS there had been before the snapshot."""
        self.said = ""
        self.is_over = Event()


class _Runtime(Handler):
    server: Runtime

    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        if self.path.endswith("/restore/next"):
            self.server.connections = self.server.aws.connections
            self.answer(200, b"{}")
            return
        if self.server.said:
            self.close_connection = True
            self.rfile.read(1)  # until the process is gone
            return
        self.answer(
            200,
            json_bytes(EVENT),
            Content_Type="application/json",
            Lambda_Runtime_Aws_Request_Id="8476a536-e9f4-11e8-9739-000000000000",
            Lambda_Runtime_Deadline_Ms="9999999999999",
            Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-1:123456789012:function:submit",
        )

    def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
        self.server.said = self.body().decode()
        self.answer(202, b"{}")
        self.server.is_over.set()


@contextmanager
def init_of_submit() -> Iterator[tuple[Aws, dict[str, str]]]:
    """Yield a stand-in for AWS, and the environment of a function of the API with SnapStart."""
    aws = Aws()
    with serving(aws):
        yield (
            aws,
            {
                "AWS_LAMBDA_FUNCTION_NAME": "submit",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{aws.address}/2021-04-23/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let-me",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": f"http://{aws.address}",
                "JOBS_TABLE": "jobs",
                "KEYS_TABLE": "keys",
                "USAGE_TABLE": "usage",
                "QUEUE_URL": f"http://{aws.address}/1/jobs",
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PATH": os.environ["PATH"],
            },
        )
