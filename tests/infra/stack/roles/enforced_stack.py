"""The stack on an emulator that enforces IAM; its functions run here under their own roles."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from noukai_functions.aws.botocore_client import BotocoreClient
from noukai_functions.deployment import Deployment
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.stack.base.stream import UNCOUNTED_PREFIX
from noukai_wire.scopes import Scope
from tests.functions.harness import System
from tests.functions.time import ManualClock
from tests.infra.stack.template import Template

Statement = dict[str, Any]
Scenario = Callable[[System, System], None]
"""What a function is for: the function under its role, and the stack as the root user sees it."""

_SERVICES = ("cloudwatch", "dynamodb", "lambda", "s3", "scheduler", "secretsmanager", "sqs", "ssm")
_REFUSAL = re.compile(r"not authorized to perform: ([\w:]+)")


@dataclass
class ClientsDeployment(Deployment):
    """A deployment whose clients of AWS are given."""

    clients: Mapping[str, Any] = field(kw_only=True)

    @cached_property
    def _cloudwatch(self) -> Any:
        return self.clients["cloudwatch"]

    @cached_property
    def _dynamodb(self) -> Any:
        return self.clients["dynamodb"]

    @cached_property
    def _s3(self) -> Any:
        return self.clients["s3"]

    @cached_property
    def _scheduler(self) -> Any:
        return self.clients["scheduler"]

    @cached_property
    def _sqs(self) -> Any:
        return self.clients["sqs"]

    @cached_property
    def _ssm(self) -> Any:
        return self.clients["ssm"]

    @cached_property
    def _lambda(self) -> Any:
        return self.clients["lambda"]


@dataclass
class EnforcedFunction:
    """One function: its environment, its role, and clients with the rights of that."""

    environment: Mapping[str, str]
    role: str
    clients: Mapping[str, Any]
    sources: list[Callable[[Mapping[str, Any]], None]]
    """What Lambda does under its role with what invokes it, by clients with its rights."""
    notes: Path
    """What it was refused: in a file, since the process of a flow is refused things too."""

    def __post_init__(self) -> None:
        for client in self.clients.values():
            client.meta.events.register("after-call.*.*", self._note)

    @property
    def refused(self) -> set[str]:
        """Return the actions that it was not allowed, since they were forgotten."""
        return set(self.notes.read_text().split())

    def forget(self) -> None:
        """Let nothing have been refused."""
        self.notes.write_text("")

    def note(self, said: str) -> None:
        """Note what AWS has refused."""
        with self.notes.open("a") as notes:
            notes.writelines(f"{action}\n" for action in _REFUSAL.findall(said))

    def _note(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        error = parsed.get("Error", {})
        # The answer to a look at an object has no body that could say more.
        is_look = model.name == "HeadObject" and error.get("Code") == "403"
        self.note("not authorized to perform: s3:GetObject" if is_look else error.get("Message", ""))


@dataclass
class EnforcedStack:
    """A stack of an emulator: its resources' names by those of the template, and the folder of its flows."""

    endpoint: Endpoint
    template: Template
    names: Mapping[str, str]
    asset: Path

    def __post_init__(self) -> None:
        self._iam = self.endpoint.client("iam")
        self._root = {service: BotocoreClient(self.endpoint.client(service)) for service in _SERVICES}
        self._functions = {handler: self._function(handler) for handler in self.template.functions()}

    def play(self, handler: str, scenario: Scenario) -> set[str]:
        """Play a scenario with a function under its role; gives the actions that were refused."""
        # The emulator fires schedules by its own clock.
        function, clock = self._functions[handler], ManualClock(time.time_ns() // 1_000_000)
        function.forget()
        everything = {
            name: value for each in self._functions.values() for name, value in each.environment.items()
        }
        root = self._system(everything, clock, self._root)
        root.key = "nk_root"
        root.add_key("nk_root", "acme")
        # Its use has not been noted today, and its calls are counted.
        root.add_key("nk_acme", "acme", tuple(Scope), used=0, rate=1000)
        for name in self.template.resources("SQS::Queue"):
            self._root["sqs"].purge_queue(QueueUrl=self.names[name])
        try:
            for look_up in function.sources:
                look_up(function.clients)
            scenario(self._system(function.environment, clock, function.clients), root)
        except Exception as failure:
            function.note(str(failure))
            if not function.refused:
                raise
        return function.refused

    def clients(self, handler: str) -> Mapping[str, Any]:
        """Return clients with the rights of a function's role."""
        return self._functions[handler].clients

    def permissions(self, handler: str) -> list[Statement]:
        """Return what the function's role allows: each action on each resource that is enforced here.

        Lambda itself writes a log and reads a stream. Of a log AWS checks the stream's name where the
        emulator checks the group's, and of a table's stream that checks the table's or none. Nor does it ask
        whether a role may be handed over.
        """
        return [
            each
            for each in self._statements(handler)
            if not each["Action"].startswith(("logs:", "iam:PassRole")) and "/stream/" not in each["Resource"]
        ]

    @contextmanager
    def without(self, handler: str, permission: Statement) -> Iterator[None]:
        """Take one permission away for a while.

        The emulator enforces no conditions: statements with different ones about the same thing go together.
        """
        statements = self._statements(handler)
        taken = (permission["Action"], permission["Resource"])
        self._allow(handler, [each for each in statements if (each["Action"], each["Resource"]) != taken])
        yield
        self._allow(handler, statements)

    def _statements(self, handler: str) -> list[Statement]:
        role = self._functions[handler].role
        return [
            {**statement, "Action": action, "Resource": resource}
            for policy in self._iam.list_role_policies(RoleName=role)["PolicyNames"]
            for statement in self._iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"][
                "Statement"
            ]
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        ]

    def _allow(self, handler: str, statements: list[Statement]) -> None:
        role = self._functions[handler].role
        (policy,) = self._iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = {"Version": "2012-10-17", "Statement": statements}
        self._iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))

    def _function(self, handler: str) -> EnforcedFunction:
        function = self.names[self.template.named(handler)]
        configuration = self.endpoint.client("lambda").get_function_configuration(FunctionName=function)
        role: str = configuration["Role"]
        given = self.endpoint.client("sts").assume_role(RoleArn=role, RoleSessionName=handler)["Credentials"]
        credentials = [given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        return EnforcedFunction(
            environment=configuration["Environment"]["Variables"],
            role=role.rpartition("/")[2],
            clients={
                service: BotocoreClient(self.endpoint.client(service, *credentials)) for service in _SERVICES
            },
            notes=self.asset / f"{handler}.refused",
            sources=[each for mapping in self.template.mappings(handler) for each in self._sources(mapping)],
        )

    def _sources(self, mapping: Mapping[str, Any]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        name, part = mapping["EventSourceArn"]["Fn::GetAtt"]
        if part == "Arn":  # the other one is a stream
            yield partial(_look_up_queue, self.names[name])
        if (failed := mapping.get("DestinationConfig")) is not None:
            yield partial(_keep, self.names[failed["OnFailure"]["Destination"]["Fn::GetAtt"][0]])

    def _system(self, environment: Mapping[str, str], clock: Any, clients: Mapping[str, Any]) -> System:
        return System(ClientsDeployment(environment, self.asset, clock, clients=clients), clock)


def _look_up_queue(url: str, clients: Mapping[str, Any]) -> None:
    """Do as Lambda before it receives from a queue, which `System.deliver` does for it."""
    clients["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["All"])


def _keep(bucket: str, clients: Mapping[str, Any]) -> None:
    """Put a batch that was tried in vain into the bucket, as Lambda does."""
    clients["s3"].list_objects_v2(Bucket=bucket)
    clients["s3"].put_object(
        Bucket=bucket, Key=f"{UNCOUNTED_PREFIX}mapping/shard/2026/11/25/batch", Body=b"{}"
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
