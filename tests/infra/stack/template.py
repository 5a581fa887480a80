"""A synthesized template, with questions that tests ask of it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]

NO_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}
"""A context in which the sources stand for the assets, which take seconds."""

API = [
    "submit",
    "submit_jobs",
    "upload",
    "execute",
    "retry",
    "status",
    "statuses",
    "wait",
    "logs",
    "trace",
    "events",
    "cancel",
    "list_jobs",
    "cancel_jobs",
    "schedules",
    "webhooks",
    "webhook_secrets",
    "keys",
    "usage",
    "describe",
]
READERS = ["worker", "dead_letters"]
ENTRIES = [*API, *READERS, "sweep", "tick", "metering", "reactions", "deliver"]
QUEUES = {"worker": "QueuesJobs", "dead_letters": "QueuesDeadLetters"}


_ALIAS = re.compile(r'"Ref": "(\w+)"')


@dataclass(frozen=True)
class Template:
    text: str

    @classmethod
    def of(cls, assembly: Path) -> "Template":
        """Return the template of the assembly in a folder."""
        return cls((assembly / "noukai.template.json").read_text())

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body

    def resources(self, kind: str) -> dict[str, Resource]:
        return {name: each for name, each in self.body["Resources"].items() if each["Type"] == f"AWS::{kind}"}

    def properties(self, name: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.body["Resources"][name]["Properties"]
        return properties

    def named_resource(self, kind: str, prefix: str) -> tuple[str, Resource]:
        """Return the resource of a kind whose logical name begins so, with that name."""
        return next((name, each) for name, each in self.resources(kind).items() if name.startswith(prefix))

    def functions(self) -> dict[str, dict[str, Any]]:
        """Return the properties of each function, by the module of its handler."""
        return {
            each["Properties"]["Handler"].split(".")[-2]: each["Properties"]
            for each in self.resources("Lambda::Function").values()
        }

    def named(self, handler: str) -> str:
        """Return the logical name of a function."""
        return next(
            name
            for name, each in self.resources("Lambda::Function").items()
            if each["Properties"]["Handler"] == f"noukai_functions.handlers.{handler}.handler"
        )

    def rights(self, handler: str) -> set[tuple[str, str]]:
        """Return what a function's role allows: each action with the logical name of its resource."""
        return self.rights_of(self.functions()[handler]["Role"]["Fn::GetAtt"][0])

    def rights_of(self, role: str) -> set[tuple[str, str]]:
        """Return what a role allows, by logical names: each action with that of its resource."""
        statements = [
            statement
            for policy in self.resources("IAM::Policy").values()
            if {"Ref": role} in policy["Properties"]["Roles"]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ]
        return {
            (action, resource if isinstance(resource, str) else _named(resource))
            for statement in statements
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        }

    def deliveries(self, handler: str) -> dict[str, Any]:
        """Return the event source mapping of a function that has one."""
        (mapping,) = self.mappings(handler)
        return mapping

    def mappings(self, handler: str) -> list[dict[str, Any]]:
        """Return the event source mappings of a function: of queues and of streams."""
        return self.mappings_of(self.named(handler))

    def mappings_of(self, function: str) -> list[dict[str, Any]]:
        """Return the event source mappings of the function of a logical name."""
        return [
            each["Properties"]
            for each in self.resources("Lambda::EventSourceMapping").values()
            if self.function_behind(each["Properties"]["FunctionName"]) == function
        ]

    def function_behind(self, reference: Any) -> str:
        """Return the logical name of the function whose alias `live` is called by a reference."""
        (alias,) = _ALIAS.findall(json.dumps(reference))
        properties = self.properties(alias)
        assert properties["Name"] == "live"
        assert (
            self.properties(properties["FunctionVersion"]["Fn::GetAtt"][0])["FunctionName"]
            == properties["FunctionName"]
        )
        name: str = properties["FunctionName"]["Ref"]
        return name

    def queue_of(self, handler: str) -> dict[str, Any]:
        """Return the properties of the queue that a function reads."""
        return self.properties(self.deliveries(handler)["EventSourceArn"]["Fn::GetAtt"][0])


def _named(resource: dict[str, Any]) -> str:
    """Return the logical name of a resource with the part of it that is meant, if that is not the whole.

    A resource that the functions make has no logical name, but its own.
    """
    parts = resource["Fn::Join"][1] if "Fn::Join" in resource else [resource]
    if all(isinstance(part, str) or _is_of_aws(part) for part in parts):
        return str(parts[-1]).removeprefix(":")
    (at,) = (at for at, part in enumerate(parts) if isinstance(part, dict) and not _is_of_aws(part))
    name, part = (parts[at]["Ref"], "Arn") if "Ref" in parts[at] else parts[at]["Fn::GetAtt"]
    return "".join([name, "" if part == "Arn" else f".{part}", *parts[at + 1 :]])


def _is_of_aws(part: dict[str, Any]) -> bool:
    """Return whether it is a region, an account or a partition."""
    return str(part.get("Ref", "")).startswith("AWS::")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
