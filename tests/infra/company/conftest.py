"""A template with every rule of a company."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.company.variants import ALL, EVERYTHING, RULES
from tests.infra.stack.template import Template


@pytest.fixture(scope="session")
def ruled_assembly(assembly_for: Callable[..., Path]) -> Path:
    return assembly_for(**ALL, company=RULES)


@pytest.fixture(scope="session")
def ruled(ruled_assembly: Path) -> Template:
    return Template.of(ruled_assembly)


@pytest.fixture(scope="session")
def unruled(template_for: Callable[..., Template]) -> Template:
    return template_for(**ALL)


@pytest.fixture(scope="session")
def everything_assembly(assembly_for: Callable[..., Path]) -> Path:
    """Return the assembly with every setting that goes together with the others."""
    return assembly_for(**EVERYTHING)


@pytest.fixture(scope="session")
def everything(everything_assembly: Path) -> Template:
    return Template.of(everything_assembly)
