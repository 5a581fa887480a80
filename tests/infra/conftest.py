"""The synthesized template, the assets, and an emulator to deploy it to."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme

from noukai_infra.app import synthesize
from noukai_infra.bundle.asset import Bundler
from noukai_infra.bundle.target import AssetName, Platform
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import EmulatedStack
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION, Endpoint
from noukai_infra.operations.account import Account
from noukai_infra.settings import Settings, file_context
from tests.infra.bundle.unknown_authority import serving
from tests.infra.emulator import running_emulator
from tests.infra.stack.template import NO_BUNDLING, Template

FLOWS_OF_KINDS = """
from noukai.flow import flow

@flow(memory=2048, ephemeral_storage=1024, concurrency=33, batch=10, timeout=5)
def weigh() -> None: ...

@flow(memory=512)
def weigh_a_little() -> None: ...

@flow
def plain() -> None: ...
"""


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test meet an AWS but the one that it is given."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def assembly_for(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes the assembly of `cdk.json` and more settings, with sources as assets."""

    def synthesized(**settings: object) -> Path:
        outdir = tmp_path_factory.mktemp("cdk.out")
        synthesize(outdir, {**file_context(), **settings, **NO_BUNDLING})
        return outdir

    return synthesized


@pytest.fixture(scope="session")
def template_for(assembly_for: Callable[..., Path]) -> Callable[..., Template]:
    return lambda **settings: Template.of(assembly_for(**settings))


@pytest.fixture(scope="session")
def assembly(assembly_for: Callable[..., Path]) -> Path:
    return assembly_for()


@pytest.fixture(scope="session")
def assembly_with_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the assembly of flows that ask for two workers beside the default one; a third is draining."""
    flows, outdir = tmp_path_factory.mktemp("flows"), tmp_path_factory.mktemp("cdk.out")
    (flows / "scales.py").write_text(FLOWS_OF_KINDS)
    settings = {"flows": str(flows), "platform": "host", "draining": "m512,t60"}
    synthesize(outdir, {**file_context(), **settings})
    return outdir


@pytest.fixture(scope="module")
def endpoint_with_kinds(
    assembly_with_kinds: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    """Yield a stack with two workers that flows ask for, and a draining one; nothing is delivered."""
    body = Template.of(assembly_with_kinds).body
    body["Resources"] = {
        name: each
        for name, each in body["Resources"].items()
        if each["Type"] != "AWS::Lambda::EventSourceMapping" or each["Properties"].get("Enabled") is False
    }
    assembly = replace(Assembly.read(assembly_with_kinds), template=json.dumps(body))
    with running_emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        asyncio.run(EmulatedStack.of(emulator.endpoint).create(assembly, now=0))
        yield emulator.endpoint


@pytest.fixture
def account_with_kinds(endpoint_with_kinds: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name, value in endpoint_with_kinds.environment.items():
        monkeypatch.setenv(name, value)
    return Account(boto3.Session(region_name=REGION), ACCOUNT, REGION)


@pytest.fixture(scope="session")
def template(assembly: Path) -> Template:
    return Template.of(assembly)


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write an asset into a new folder."""

    def written(asset: AssetName, platform: Platform, flows: Path | None = None, **options: Any) -> Path:
        folder = tmp_path_factory.mktemp(asset)
        bundler = Bundler(
            flows=flows or Settings().flows_folder,
            platform=platform,
            worker=Settings().worker,
            scratch=tmp_path_factory.mktemp("b"),
            **options,
        )
        bundler.write(asset, folder)
        return folder

    return written


@pytest.fixture(scope="session")
def asset(write: Callable[..., Path]) -> Callable[[AssetName, Platform], Path]:
    """Return the assets of this repository's own flows, each written once."""
    folders: dict[tuple[AssetName, Platform], Path] = {}

    def of(name: AssetName, platform: Platform) -> Path:
        if (name, platform) not in folders:
            folders[name, platform] = write(name, platform)
        return folders[name, platform]

    return of


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    with running_emulator(tmp_path) as emulator:
        yield emulator


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """Return a folder of flows that somebody else has written."""
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "texts.py").write_text(
        "from noukai.flow import flow\n\n\n@flow()\ndef shout(message: str) -> str:\n    return "
        "message.upper()\n"
    )
    return folder


@pytest.fixture
def authority() -> trustme.CA:
    """Return an authority that nobody here trusts."""
    return trustme.CA()


@pytest.fixture
def index(authority: trustme.CA) -> Iterator[str]:
    with serving(authority) as url:
        yield url
