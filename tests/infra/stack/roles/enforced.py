"""An emulator that enforces IAM, with the resources of an assembly."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import EmulatedStack
from tests.infra.emulator import running_emulator
from tests.infra.stack.roles.enforced_stack import EnforcedStack
from tests.infra.stack.template import Template


@contextmanager
def enforced(assembly: Path, asset: Path, folder: Path) -> Iterator[EnforcedStack]:
    """Yield the template's tables, queues, roles and policies; no queue is read.

    `asset` has the flows, and `folder` is the emulator's.
    """
    template = Template.of(assembly)
    body = template.body
    for name, mapping in template.resources("Lambda::EventSourceMapping").items():
        if mapping["Properties"].get("Enabled") is not False:
            del body["Resources"][name]
    with running_emulator(folder) as emulator:
        endpoint = emulator.endpoint
        made = replace(Assembly.read(assembly), template=json.dumps(body))
        asyncio.run(EmulatedStack.of(endpoint).create(made, now=0))
        cloudformation = endpoint.client("cloudformation")
        described = cloudformation.describe_stack_resources(StackName="noukai")["StackResources"]
        names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in described}
        yield EnforcedStack(endpoint, template, names, asset)
