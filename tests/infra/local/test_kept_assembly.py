"""The assembly after a change of a flow, written without the CDK if the template's shape is the same."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.app import bundler_of, synthesize
from noukai_infra.bundle.asset import Bundler
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.kept_assembly import KeptAssembly, Shape
from noukai_infra.settings import Settings, file_context
from noukai_infra.stack.base.aliases import flows_description

FLOWS = """
from noukai.flow import flow

@flow(memory=512)
def weigh() -> int:
    return 1

@flow
def plain() -> int:
    return 1
"""
CHANGED = FLOWS.replace("return 1", "return 22")


@pytest.fixture(name="flows")
def folder_of_flows(tmp_path: Path) -> Path:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "scales.py").write_text(FLOWS)
    return folder


@pytest.fixture(name="settings")
def of_a_local_system(flows: Path) -> Settings:
    return Settings.from_context({**file_context(), "platform": "host", "flows": str(flows)})


@pytest.fixture(name="bundler")
def new_bundler(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bundler]:
    """Make a bundler of the flows as they are now."""
    return lambda **changes: bundler_of(replace(settings, **changes), tmp_path_factory.mktemp("scratch"))


def normal(assembly: Assembly, version: str) -> tuple[str, dict[str, bytes]]:
    """Return an assembly's template without hashes and versions, and its assets."""
    template = assembly.template.replace(flows_description(version), "the flows")
    for number, asset in enumerate(assembly.assets):
        template = template.replace(asset.key, f"asset {number}")
    template = re.sub(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}", r"\1", template)
    assets = {
        ("worker" if (asset.path / "flows").is_dir() else "api"): asset.path for asset in assembly.assets
    }
    files = (
        (name, folder, path)
        for name, folder in assets.items()
        for path in folder.rglob("*")
        if path.is_file()
    )
    return template, {f"{name}/{path.relative_to(folder)}": path.read_bytes() for name, folder, path in files}


def names_in(assembly: Assembly) -> set[str]:
    """Return the keys of an assembly's assets and the names of its functions' versions."""
    resources = json.loads(assembly.template)["Resources"]
    versions = {name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Version"}
    return versions | {asset.key for asset in assembly.assets}


def test_it_is_what_the_cdk_would_make(
    flows: Path, settings: Settings, bundler: Callable[..., Bundler], tmp_path: Path
) -> None:
    """The template has the new version and the new hashes, and the assets have the new code."""
    before, after, by_cdk = (tmp_path / name for name in ("before", "after", "by_cdk"))
    context = {**file_context(), "platform": "host", "flows": str(flows)}
    first = bundler()
    synthesize(before, context, first)
    kept = KeptAssembly.read(before, Shape.of(settings, first), first.version())

    (flows / "scales.py").write_text(CHANGED)
    second = bundler()
    assert Shape.of(settings, second) == kept.shape
    after.mkdir()
    kept = kept.write(after, second)
    synthesize(by_cdk, context, bundler())

    assert kept.version == second.version() != first.version()
    made, expected = (normal(Assembly.read(folder), second.version()) for folder in (after, by_cdk))
    assert json.loads(made[0]) == json.loads(expected[0])
    assert made[1] == expected[1]
    old, new = (names_in(Assembly.read(folder)) for folder in (before, after))
    assert old
    assert old.isdisjoint(new)


@pytest.mark.parametrize(
    "flows_then",
    [
        FLOWS.replace("512", "1024"),
        FLOWS.replace("def plain", "def simple"),
        FLOWS.replace("@flow\ndef", "def"),
    ],
)
def test_another_template_is_for_the_cdk(
    flows: Path, settings: Settings, bundler: Callable[..., Bundler], flows_then: str
) -> None:
    """Another worker kind, another name, or a flow less."""
    before = Shape.of(settings, bundler())
    (flows / "scales.py").write_text(flows_then)
    assert Shape.of(settings, bundler()) != before


def test_what_drains_and_was_deployed_counts(settings: Settings, bundler: Callable[..., Bundler]) -> None:
    """Unless it is still asked for, and deployed: the system names all that it has at each reload."""
    before = Shape.of(settings, bundler())
    same: dict[str, Any] = {"draining": ("m512",), "former": ("scales/plain",)}
    assert Shape.of(replace(settings, **same), bundler(**same)) == before
    others: list[dict[str, Any]] = [{"draining": ("t60",)}, {"former": ("scales/gone",)}, {"memory": 512}]
    for changes in others:
        assert Shape.of(replace(settings, **changes), bundler(**changes)) != before
