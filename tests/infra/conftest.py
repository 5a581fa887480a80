"""The synthesized template, the assets, and an emulator to deploy it to."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.app import synthesize
from infra.bundle.asset import AssetName, Bundler
from infra.bundle.target import Platform
from infra.local.emulator import Emulator
from infra.settings import Settings, file_context
from tests.infra.emulator import running_emulator
from tests.infra.template import Template

NO_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets an AWS but the one that it is given."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def template_for(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Template]:
    """The template that `cdk.json` and some more settings make, with the sources as assets."""

    def synthesized(**settings: object) -> Template:
        outdir = tmp_path_factory.mktemp("cdk.out")
        synthesize(outdir, {**file_context(), **settings, **NO_BUNDLING})
        return Template.read(outdir / "noukai.template.json")

    return synthesized


@pytest.fixture(scope="session")
def template(template_for: Callable[..., Template]) -> Template:
    return template_for()


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write an asset into a new folder."""

    def written(asset: AssetName, platform: Platform, flows: Path | None = None, **options: Path) -> Path:
        folder = tmp_path_factory.mktemp(asset)
        bundler = Bundler(
            flows=flows or Settings().flows_folder,
            platform=platform,
            flow_seconds=Settings().worker.flow_seconds,
            scratch=tmp_path_factory.mktemp("b"),
            **options,
        )
        bundler.write(asset, folder)
        return folder

    return written


@pytest.fixture(scope="session")
def asset(write: Callable[..., Path]) -> Callable[[AssetName, Platform], Path]:
    """The assets of this repository's own flows, each written once."""
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
