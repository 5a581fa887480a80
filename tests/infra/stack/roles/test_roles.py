"""Each function does its work with the rights of its role, and needs every one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noukai_functions.build.catalog_build import build_catalog
from tests.infra.stack.roles.enforced import enforced
from tests.infra.stack.roles.enforced_stack import EnforcedStack
from tests.infra.stack.roles.role_scenarios import SCENARIOS
from tests.infra.stack.template import ENTRIES, Template

FLOWS = Path(__file__).parents[3] / "functions" / "flows"


@pytest.fixture(scope="module")
def stack(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnforcedStack]:
    """Yield the stack; nothing is delivered during a scenario."""
    asset = tmp_path_factory.mktemp("asset")
    (asset / "flows").symlink_to(FLOWS)
    build_catalog(asset / "flows", asset / "catalog")
    with enforced(assembly, asset, tmp_path_factory.mktemp("emulator")) as made:
        yield made


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
