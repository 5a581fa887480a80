"""Each function does its work with the rights of its role, and needs every one of them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from noukai_functions.build.catalog_build import build_catalog
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import EmulatedStack
from tests.infra.emulator import running_emulator
from tests.infra.stack.roles.enforced_stack import EnforcedStack
from tests.infra.stack.roles.role_scenarios import SCENARIOS
from tests.infra.stack.template import ENTRIES, Template

FLOWS = Path(__file__).parents[3] / "functions" / "flows"


@pytest.fixture(scope="module")
def stack(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnforcedStack]:
    """Yield the template's tables, queues, roles and policies; nothing is delivered during a scenario."""
    template = Template.of(assembly)
    body = template.body
    for name, mapping in template.resources("Lambda::EventSourceMapping").items():
        if mapping["Properties"].get("Enabled") is not False:
            del body["Resources"][name]
    asset = tmp_path_factory.mktemp("asset")
    (asset / "flows").symlink_to(FLOWS)
    build_catalog(asset / "flows", asset / "catalog")
    with running_emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        endpoint = emulator.endpoint
        asyncio.run(
            EmulatedStack.of(endpoint).create(
                replace(Assembly.read(assembly), template=json.dumps(body)), now=0
            )
        )
        described = endpoint.client("cloudformation").describe_stack_resources(StackName="noukai")[
            "StackResources"
        ]
        names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in described}
        yield EnforcedStack(endpoint, template, names, asset)


def test_every_function_has_its_scenario(template: Template) -> None:
    """A function that is added is proved to have no more rights than it needs, too."""
    assert SCENARIOS.keys() == template.functions().keys()


@pytest.mark.parametrize("handler", ENTRIES)
def test_role_allows_what_its_function_does(stack: EnforcedStack, handler: str) -> None:
    """Nothing that the function asks for is refused."""
    assert stack.play(handler, SCENARIOS[handler]) == set()


@pytest.mark.parametrize("handler", ENTRIES)
def test_function_needs_each_of_its_permissions(stack: EnforcedStack, handler: str) -> None:
    """If a permission is removed, the function is refused exactly that action."""
    for permission in stack.permissions(handler):
        with stack.without(handler, permission):
            refused = stack.play(handler, SCENARIOS[handler])
        assert refused == {permission["Action"]}, permission
