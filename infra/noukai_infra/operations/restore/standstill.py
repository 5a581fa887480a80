"""The standstill of a deployment, and its resumption by the template.

A function with a reserved concurrency of zero is not invoked: callers get 503 and retry, and messages wait in
their queues. The mappings are disabled too, because a throttled delivery counts as a receive. A stream
mapping that is enabled again continues where it stopped.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from noukai_infra.operations.account import Account, resources, resources_by_id
from noukai_infra.operations.resting import resting_readers

_LOOK_SECONDS = 5
_AT_REST = {"Enabled": True, "Disabled": False}
"""Whether a mapping reads, in the states in which it can be changed."""


@dataclass(frozen=True)
class Standstill:
    """The functions and mappings of a stack."""

    account: Account
    stack: str
    sleep: Callable[[float], None]

    def begin(self) -> None:
        """Stop everything except metering, which must count ended jobs."""
        counting = {_function_of(mapping) for mapping in self._mappings(of_streams=True)}
        self._stop([name for name in self._functions() if name not in counting], of_streams=False)

    def complete(self) -> None:
        """Stop metering too."""
        self._stop(self._functions(), of_streams=True)

    def end(self) -> None:
        """Resume everything, with the template's reserved concurrency, but for readers that may rest."""
        client = self.account.session.client("lambda")
        template = self.account.template(self.stack)["Resources"]
        for logical, name in self._named_functions().items():
            reserved = template[logical]["Properties"].get("ReservedConcurrentExecutions")
            if reserved is None:
                client.delete_function_concurrency(FunctionName=name)
            else:
                client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(reserved))
        for of_streams in (True, False):
            self._turn(of_streams=of_streams, on=True)

    def _stop(self, functions: list[str], *, of_streams: bool) -> None:
        self._turn(of_streams=of_streams, on=False)
        client = self.account.session.client("lambda")
        for name in functions:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    def _turn(self, *, of_streams: bool, on: bool) -> None:
        client = self.account.session.client("lambda")
        session = self.account.session
        resting = resting_readers(session, self.stack, self.account.deployed(self.stack)) if on else set()
        changed = [
            each["UUID"]
            for each in self._mappings(of_streams=of_streams)
            if _AT_REST[each["State"]] != on and each["UUID"] not in resting
        ]
        for uuid in changed:
            client.update_event_source_mapping(UUID=uuid, Enabled=on)
        for uuid in changed:
            self._at_rest(uuid)

    def _functions(self) -> list[str]:
        return list(self._named_functions().values())

    def _named_functions(self) -> dict[str, str]:
        return resources_by_id(self.account.session, self.stack, "AWS::Lambda::Function")

    def _mappings(self, *, of_streams: bool) -> list[dict[str, Any]]:
        uuids = resources(self.account.session, self.stack, "AWS::Lambda::EventSourceMapping")
        mappings = [self._at_rest(uuid) for uuid in uuids]
        return [each for each in mappings if (":dynamodb:" in each["EventSourceArn"]) == of_streams]

    def _at_rest(self, uuid: str) -> dict[str, Any]:
        """Return a mapping as soon as it can be changed."""
        client = self.account.session.client("lambda")
        while (mapping := client.get_event_source_mapping(UUID=uuid))["State"] not in _AT_REST:
            self.sleep(_LOOK_SECONDS)
        return dict(mapping)


def _function_of(mapping: dict[str, Any]) -> str:
    """Return the function's name from an alias ARN, `arn:aws:lambda:region:account:function:name:alias`."""
    name: str = mapping["FunctionArn"].split(":")[6]
    return name
