import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from noukai.flow import _start
from noukai_functions.aws import botocore_client
from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.webhooks.posting import resolution
from noukai_infra.local.emulator.endpoint import ROOT_USER, Endpoint
from tests.functions.harness import ENVIRONMENT, System, record_calls, system_on_moto
from tests.infra.emulator import running_emulator
from tests.silence import silent_functions

FLOWS = Path(__file__).parent / "flows"


@pytest.fixture(autouse=True)
def own_start_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the start hooks of a test's modules: the processes that later tests fork would run them."""
    monkeypatch.setattr(_start, "_registered", [])


@pytest.fixture(scope="session")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as the build makes it: the flows and their catalog."""
    folder = tmp_path_factory.mktemp("asset")
    shutil.copytree(FLOWS, folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    build_catalog(folder / "flows", folder / "catalog")
    return folder


@pytest.fixture
def system(asset: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """Return a fresh deployment with a key of each of two orgs, and one of acme that may only read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, ROOT_USER[name])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # The names in tests are nobody's: no name server is asked.
    monkeypatch.setattr(resolution, "CONFIGURATION", asset / "resolv.conf")
    with silent_functions(), system_on_moto(asset) as system:
        system.add_key("nk_acme", "acme")
        system.add_key("nk_globex", "globex")
        system.add_key("nk_reader", "acme", scopes=("read",))
        del system.calls[:]
        yield system


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Return an emulator with the bucket of payloads."""
    with running_emulator(tmp_path_factory.mktemp("s3")) as emulator:
        emulator.endpoint.client("s3").create_bucket(Bucket=ENVIRONMENT["PAYLOADS_BUCKET"])
        yield emulator.endpoint


@pytest.fixture
def large(system: System, s3: Endpoint, monkeypatch: pytest.MonkeyPatch) -> System:
    """Return the fresh deployment, with a bucket for large payloads."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(s3.authority))
    botocore_client.botocore_session.cache_clear()  # it may have the credentials of another test
    record_calls(system.deployment.objects.client, system.calls)
    return system
