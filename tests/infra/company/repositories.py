"""Repositories of `noukai init`, deployed side by side into one emulator as their operators would."""

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import EmulatedStack
from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION, Endpoint
from noukai_infra.operations.account import Account
from noukai_infra.operations.deploy.cdk import Cdk
from noukai_infra.operations.deploy.deploy import destroy
from noukai_infra.repository.beginning import begin_repository
from noukai_infra.repository.distribution import Requirement
from noukai_infra.settings import STAGE
from noukai_wire.routes import BASE_PATH
from tests.e2e.waiting import until

NOUKAI = (sys.executable, "-c", "from noukai._start import main; main()")


@dataclass(frozen=True)
class Deleting(Cdk):
    """The CDK command's effect on a stack that is destroyed."""

    account: Account | None = None

    def run(self, *arguments: str, assembly: Path | None = None) -> int:
        assert (self.account is not None, arguments[0], assembly) == (True, "destroy", None)
        client = self.account.session.client("cloudformation")  # type: ignore[union-attr]
        client.delete_stack(StackName=arguments[1])
        until(lambda: self.account.outputs(arguments[1]) is None, every=0.1)  # type: ignore[union-attr]
        return 0


@dataclass
class Team:
    """A repository, or one of its stages, and its stack on an emulator."""

    folder: Path
    endpoint: Endpoint
    stage: str | None = None
    key: str = ""
    stack: str = ""
    api_id: str = ""

    @classmethod
    def begin(cls, folder: Path, endpoint: Endpoint, settings: str = "", flow: str = "") -> "Team":
        """Make a repository; its settings may be other ones, and it may have more flows."""
        begin_repository(folder, Requirement.of("https://example.com/noukai.whl"), None)
        if settings:
            (folder / "noukai.toml").write_text(settings)
        if flow:
            (folder / "flows" / "more.py").write_text(flow)
        return cls(folder, endpoint)

    def deploy(self) -> "Team":
        """Deploy the repository as it is now, for the first time or again."""
        emulated = EmulatedStack.of(self.endpoint)
        assembly = Assembly.read(self._synthesized())
        self.stack = assembly.stack
        if self.account.outputs(self.stack) is None:
            asyncio.run(emulated.create(assembly, now=int(time.time())))
            self.key = self.noukai("keys", "create", "--org", "acme", "ci").strip()
        else:
            asyncio.run(emulated.update(assembly))
        self.api_id = emulated.api_id
        return self

    def destroy(self) -> list[str]:
        """Delete the stack; return the names of the retained tables and buckets."""
        return destroy(self.account, Deleting({}, account=self.account), self.stack, [])

    def noukai(self, *arguments: str) -> str:
        """Run a command in the repository and the stage; return what it prints."""
        done = self._run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self, *arguments: str) -> str:
        """Run a command that is refused; return why."""
        done = self._run(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*NOUKAI, *arguments],
            cwd=self.folder,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def send(self, method: str, path: str, key: str | None = None, **options: Any) -> httpx.Response:
        """Send a request to the API, by default with the key of this stack."""
        url = f"{self.endpoint.url}/_aws/execute-api/{self.api_id}/$default{BASE_PATH}{path}"
        headers = {"Authorization": f"Bearer {key or self.key}"}
        with httpx.Client(verify=self.endpoint.trust(), trust_env=False, timeout=30) as client:
            return client.request(method, url, headers=headers, **options)

    def run(self, flow: str, **body: Any) -> dict[str, Any]:
        """Submit a job, and return its status once it has ended."""
        answer = self.send("POST", f"/seq/acme/{flow}/jobs", json=body)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        path = f"/jobs/{answer.json()['id']}"
        until(lambda: self.send("GET", path).json()["state"] in ("completed", "failed"), every=0.2)
        status: dict[str, Any] = self.send("GET", path).json()
        return status

    def resources(self) -> set[tuple[str, str]]:
        """Return the type and the name of each resource."""
        client = self.endpoint.client("cloudformation")
        listed = client.list_stack_resources(StackName=self.stack)["StackResourceSummaries"]
        return {(each["ResourceType"], each["PhysicalResourceId"]) for each in listed}

    @property
    def account(self) -> Account:
        """Return the account of the emulator."""
        session = boto3.Session("test", "test", region_name=REGION)
        session.client = lambda service, **_: self.endpoint.client(service)  # type: ignore[method-assign,assignment]
        return Account(session, ACCOUNT, REGION)

    @property
    def _environ(self) -> dict[str, str]:
        stage = {} if self.stage is None else {STAGE: self.stage}
        return {**os.environ, **self.endpoint.environment, **stage}

    def _synthesized(self) -> Path:
        outdir = self.folder / "cdk.out" / (self.stage or "all")
        made = {"CDK_OUTDIR": str(outdir), "CDK_VALIDATION": "false"}
        environ = {**self._environ, **made, "CDK_CONTEXT_JSON": json.dumps({"platform": "host"})}
        subprocess.run(
            [sys.executable, "-m", "noukai_infra.app"],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            check=True,
        )
        return outdir
