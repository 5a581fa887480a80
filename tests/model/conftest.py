from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.model.conformance.subject import Subject, local_system, moto, on_model
from tests.model.explorer import Explorer, build_asset


@pytest.fixture(scope="session")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_asset(tmp_path_factory.mktemp("model") / "asset")


@pytest.fixture
def explorer(asset: Path) -> Iterator[Explorer]:
    with Explorer.of(asset) as explorer:
        yield explorer


@pytest.fixture(scope="module")
def fresh_on_moto() -> Iterator[Callable[[], Subject]]:
    with moto() as fresh:
        yield fresh


@pytest.fixture(scope="module")
def fresh_on_local_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Subject]]:
    with local_system(tmp_path_factory.mktemp("emulator")) as fresh:
        yield fresh


@pytest.fixture(params=["model", "model honouring old receipts", "moto", "local system"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param.startswith("model"):
        return on_model(honours_old_receipts=request.param != "model")
    fresh: Callable[[], Subject] = request.getfixturevalue(f"fresh_on_{request.param.replace(' ', '_')}")
    return fresh()
