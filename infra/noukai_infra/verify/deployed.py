"""A deployed stack as the checks see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import boto3
import httpx

from noukai_infra.operations.account import resources
from noukai_infra.stack.base.worker_kinds import deployed_queues, further_queues
from noukai_wire.errors import ErrorCode
from noukai_wire.limits import MIN_KEEP_SECONDS
from noukai_wire.models import TERMINAL_STATES
from noukai_wire.routes import Route

KEPT = {"keepSeconds": MIN_KEEP_SECONDS}
"""What is submitted here is not kept for longer than it must."""

_DEMO = ("echo", "sleep", "word-count")


@dataclass(frozen=True)
class Deployed:
    """The stack's name and outputs, its API with a key, and the AWS clients to look behind it.

    `clock` and `sleep` are in seconds.
    """

    stack: str
    outputs: Mapping[str, str]
    session: boto3.Session
    api: httpx.Client
    org: str
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    @property
    def is_on_aws(self) -> bool:
        """Return whether this is AWS itself."""
        endpoint: str = self.session.client("sts").meta.endpoint_url
        host = httpx.URL(endpoint).host
        return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def resources(self, kind: str) -> list[str]:
        """Return the physical ids of the stack's resources of a type, such as `AWS::Lambda::Function`."""
        return resources(self.session, self.stack, kind)

    def functions(self) -> list[dict[str, Any]]:
        """Return the configuration of each function."""
        client = self.session.client("lambda")
        return [
            dict(client.get_function_configuration(FunctionName=name))
            for name in self.resources("AWS::Lambda::Function")
        ]

    def job_queues(self) -> list[str]:
        """Return the URL of each worker's queue, that of the default one first."""
        of_kinds = (queue.url for queue in deployed_queues(self.outputs).values())
        further = chain.from_iterable(further_queues(self.outputs).values())
        return [self.outputs["QueueUrl"], *of_kinds, *further]

    def has_demo(self) -> bool:
        """Return whether the flows are those of the repository, which the checks of jobs run."""
        flows = self.api.get(Route.FLOWS.template).raise_for_status().json()["flows"]
        return {f"{self.org}/demo/{name}" for name in _DEMO} <= {each["flow"] for each in flows}

    def submit(self, flow: str, parameters: dict[str, object], **options: object) -> str:
        """Submit a job of a demo flow, and return its id."""
        path = Route.SUBMIT.path(org=self.org, project="demo", flow=flow)
        body = {"parameters": parameters, "options": {**KEPT, **options}}
        response = self.api.post(path, json=body).raise_for_status()
        job_id: str = response.json()["id"]
        return job_id

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job's status."""
        status: dict[str, Any] = self.api.get(Route.STATUS_BY_ID.path(id=job_id)).raise_for_status().json()
        return status

    def ended(self, job_id: str, seconds: float) -> dict[str, Any]:
        """Return a job's status once it is terminal, or as it stands after so many seconds."""
        deadline = self.clock() + seconds
        while True:
            status = self.job(job_id)
            if status["state"] in TERMINAL_STATES or self.clock() >= deadline:
                return status
            self.sleep(0.5)

    def cancel_all(self) -> None:
        """Cancel what the org still has under way: its code stops, and its schedules go."""
        for state in ("pending", "running"):
            query: dict[str, str] = {"state": state, "limit": "100"}
            while True:
                page = self.api.get(Route.LIST_ORG.path(org=self.org), params=query).raise_for_status().json()
                for job in page["jobs"]:
                    self.api.post(Route.CANCEL_BY_ID.path(id=job["id"])).raise_for_status()
                if "cursor" not in page:
                    break
                query["cursor"] = page["cursor"]


def answers(response: httpx.Response, *codes: ErrorCode) -> bool:
    """Return whether an answer is one of our errors."""
    found = response.json().get("detail", {}).get("code")
    right = any((response.status_code, found) == (code.status, code) for code in codes)
    return right and "X-Request-ID" in response.headers
