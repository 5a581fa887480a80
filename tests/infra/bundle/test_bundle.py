"""The content of the assets."""

import importlib.resources
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.files_beside_flows import files_beside
from noukai_infra.bundle.target import AssetName, Platform
from noukai_wire.secrets_file import SECRETS_FILE
from tests.infra.bundle.wheels import make_wheel

Write = Callable[..., Path]
Assets = Callable[[AssetName, Platform], Path]

UNCHECKED_HASH = 1
ELF_MACHINE = {"aarch64": 183, "x86_64": 62}

OURS = {"noukai_functions", "noukai_wire", "catalog", "authorities.pem"}
LIBRARIES = {"aws_lambda_powertools", "fastjsonschema", "jmespath", "typing_extensions.pyc"}
AWS = {"botocore", "dateutil", "jmespath", "six.pyc", "urllib3"}
ZONES = {"tzdata"}
WORKERS = {"own", "flows", "pydantic", "pydantic_core", "annotated_types", "typing_inspection"}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def top_level(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"__pycache__"}


@pytest.mark.parametrize("platform", ["manylinux", "host"])
def test_api_asset_has_our_code_its_libraries_and_nothing_else(asset: Assets, platform: Platform) -> None:
    """No flow, no library that only flows, the client, the stack or the tests need."""
    assert top_level(asset("api", platform)) == OURS | LIBRARIES | AWS | ZONES | {"console"}


@pytest.mark.parametrize("platform", ["manylinux", "host"])
def test_worker_asset_has_also_the_flows_and_what_converts_their_arguments(
    asset: Assets, platform: Platform
) -> None:
    """And nothing else."""
    assert top_level(asset("worker", platform)) == OURS | {"noukai"} | LIBRARIES | WORKERS
    assert top_level(asset("worker", platform) / "own") == AWS - LIBRARIES


def test_worker_has_of_the_package_what_flows_import(asset: Assets) -> None:
    """The client comes with the requirements of flows that call it."""
    folder = asset("worker", "host") / "noukai"
    assert top_level(folder) == {"__init__.py", "flow"}
    assert {"__init__.py", "runtime.py"} <= top_level(folder / "flow")


def test_asset_leaves_the_build_step_behind(asset: Assets) -> None:
    """The catalog is made already, and nothing is tested there."""
    folder = asset("worker", "manylinux")
    made = {"flows.json", "openapi.json", "openapi-flows.json"}
    assert made <= {path.name for path in (folder / "catalog").iterdir()}
    ours = {path.name for path in (folder / "noukai_functions").iterdir()}
    assert {"worker", "jobs", "deployment.py"} <= ours
    assert not {"build", "testing"} & ours


def test_asset_leaves_behind_what_only_the_other_runs(asset: Assets) -> None:
    """The API runs no flow, and a worker answers nobody."""
    api, worker = (asset(name, "manylinux") / "noukai_functions" for name in ("api", "worker"))
    of_flows = {"process", "inside", "execution.py"}
    assert of_flows <= top_level(worker / "worker")
    assert not of_flows & top_level(api / "worker")
    assert {"schedules", "webhooks", "usage"} <= top_level(api)
    assert not {"schedules", "webhooks", "usage"} & top_level(worker)


def test_asset_describes_only_the_services_that_are_called(asset: Assets) -> None:
    """The descriptions of all of AWS are 25 MB."""
    data = asset("api", "manylinux") / "botocore" / "data"
    described = {path.name for path in data.iterdir() if path.is_dir()}
    # Both assets have the same libraries; only workers read Secrets Manager.
    services = {
        "cloudwatch",
        "dynamodb",
        "events",
        "lambda",
        "s3",
        "scheduler",
        "secretsmanager",
        "sqs",
        "ssm",
    }
    assert described == services
    assert not [path for path in asset("api", "manylinux").rglob("*") if path.suffix == ".pyi"]


def test_api_asset_has_every_time_zone_of_the_library(asset: Assets) -> None:
    """In one file: 600 small ones take four times as much."""
    package = asset("api", "manylinux") / "tzdata"
    assert top_level(package) == {"__init__.pyc", "zones", "zoneinfo.zip"}
    library = importlib.resources.files("tzdata")
    with zipfile.ZipFile(package / "zoneinfo.zip") as packed:
        assert sorted(packed.namelist()) == sorted(library.joinpath("zones").read_text().split())
        for name in packed.namelist():
            assert packed.read(name) == library.joinpath("zoneinfo", *name.split("/")).read_bytes()


def test_time_zones_of_the_asset_can_be_read(asset: Assets) -> None:
    """As the functions read them."""
    program = (
        "from noukai_functions.schedules.zones import zone, zone_names\n"
        "print(len({zone(name).key for name in zone_names()}) == len(zone_names()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=asset("api", "host"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


@pytest.mark.parametrize("name", ["api", "worker"])
def test_every_module_is_byte_code_that_is_never_checked(asset: Assets, name: AssetName) -> None:
    """A cold start compiles nothing and reads no source; only our code has sources, for tracebacks."""
    folder = asset(name, "manylinux")
    for source in folder.rglob("*.py"):
        assert Path(importlib.util.cache_from_source(str(source))).exists()
        assert source.relative_to(folder).parts[0] in OURS | {"flows", "noukai"}
    codes = list(folder.rglob("*.pyc"))
    assert len(codes) > 100
    for code in codes:
        head = code.read_bytes()[:8]
        assert head[:4] == importlib.util.MAGIC_NUMBER, code
        assert int.from_bytes(head[4:], "little") == UNCHECKED_HASH, code


@pytest.mark.parametrize(("name", "megabytes"), [("api", 2.72), ("worker", 5.2)])
def test_asset_is_small(asset: Assets, tmp_path: Path, name: AssetName, megabytes: float) -> None:
    """Every cold start fetches and unpacks it. The console is 0.05 of the API's, read only when asked for."""
    archive = shutil.make_archive(str(tmp_path / name), "zip", asset(name, "manylinux"))
    assert Path(archive).stat().st_size < megabytes * 1e6


@pytest.mark.parametrize(
    ("platform", "processor"), [("manylinux", "aarch64"), ("manylinux-x86_64", "x86_64")]
)
def test_deployed_extensions_are_for_the_architecture(
    asset: Assets, platform: Platform, processor: str
) -> None:
    """Whatever machine has made the asset."""
    extensions = [content for name, content in files(asset("worker", platform)).items() if ".so" in name]
    assert extensions
    assert {int.from_bytes(each[18:20], "little") for each in extensions} == {ELF_MACHINE[processor]}


@pytest.mark.parametrize("name", ["api", "worker"])
def test_asset_is_the_same_from_run_to_run(
    asset: Assets, write: Write, tmp_path: Path, name: AssetName
) -> None:
    """Byte for byte, with the libraries installed anew: so a deploy changes what somebody has changed."""
    again = files(write(name, "manylinux", cache=tmp_path))
    assert again == files(asset(name, "manylinux"))


def test_platform_makes_no_difference_to_what_has_no_extensions(asset: Assets) -> None:
    """The API's asset is the same locally and deployed."""
    assert files(asset("api", "host")) == files(asset("api", "manylinux"))


def test_flows_of_any_folder_are_bundled(write: Write, flows: Path) -> None:
    """Under the name `flows`, with their catalog."""
    (flows / ".env").write_text("SECRET=1")
    folder = write("worker", "host", flows)
    assert {path.name for path in (folder / "flows").iterdir()} == {"__init__.py", "texts.py", "__pycache__"}
    assert "texts/shout" in (folder / "catalog" / "flows.json").read_text()


def test_engine_is_in_the_apis_asset_only_if_a_flow_takes_it(
    write: Write, flows: Path, tmp_path: Path
) -> None:
    """A pattern or a date takes pydantic's engine, which is as large as the rest, and no more of pydantic."""
    assert "pydantic_core" not in top_level(write("api", "host", flows))
    (flows / "dates.py").write_text(
        "from datetime import date\nfrom noukai.flow import flow\n\n@flow\ndef due(on: date) -> None: ...\n"
    )
    folder = write("api", "manylinux", flows)
    assert top_level(folder) == OURS | LIBRARIES | AWS | ZONES | {"console", "pydantic_core"}
    archive = shutil.make_archive(str(tmp_path / "api"), "zip", folder)
    assert Path(archive).stat().st_size < 5e6


def test_secrets_of_a_developer_are_in_no_asset(write: Write, flows: Path) -> None:
    """Wherever their file lies in the folder of flows."""
    (flows / "_helpers").mkdir()
    for folder in (flows, flows / "_helpers"):
        (folder / SECRETS_FILE).write_text("DB_URL=a-secret-value\n")
    for asset in ("worker", "api"):
        contents = [path.read_bytes() for path in write(asset, "host", flows).rglob("*") if path.is_file()]
        assert not any(b"a-secret-value" in each for each in contents)


def test_files_that_are_no_flows_are_told_of(flows: Path) -> None:
    """What becomes of each."""
    for name in ("requirements.txt", "_helper.py", "__init__.py"):
        (flows / name).write_text("")
    assert list(files_beside(flows, {flows.resolve() / "requirements.txt"})) == []
    for name in ("model.bin", ".env", "__init__.py"):
        (flows / name).write_text("x = 1")
    assert list(files_beside(flows, {flows.resolve() / "requirements.txt"})) == [
        f"{flows / '.env'}: is hidden, and left out.",
        f"{flows / '__init__.py'}: is left out: no code of the folder runs before that of a module.",
        f"{flows / 'model.bin'}: is not a module; it is copied beside the flows in the worker's asset.",
    ]


def test_what_flows_require_is_in_the_workers_asset_only(write: Write, flows: Path, tmp_path: Path) -> None:
    """And is there, with its metadata, when their catalog is made."""
    path = make_wheel(tmp_path, "shouting", "def shout(text: str) -> str:\n    return text.upper()\n")
    (flows / "requirements.txt").write_text(f"shouting @ {path.as_uri()}\n")
    module = flows / "texts.py"
    module.write_text(f"import shouting\n{module.read_text()}")
    cache = tmp_path / "cache"
    worker, api = (write(name, "host", flows, cache=cache) for name in ("worker", "api"))
    assert {"shouting.py", "shouting-1.0.dist-info"} <= top_level(worker)
    assert "shouting.py" not in top_level(api)
    assert not (worker / "flows" / "requirements.txt").exists()


def test_library_that_the_worker_will_lack_is_missed_at_build_time(write: Write, flows: Path) -> None:
    """Though it is installed here, for the stack: the message has the flow's file and line."""
    module = flows / "texts.py"
    module.write_text(f"import hypercorn\n{module.read_text()}")
    with pytest.raises(BundleError, match=r"texts\.py:1.*hypercorn"):
        write("worker", "host", flows)


def test_requirement_that_cannot_be_installed_is_named(write: Write, flows: Path) -> None:
    """In the installer's words."""
    (flows / "requirements.txt").write_text("pydantic==1.0\n")
    with pytest.raises(BundleError, match=r"pydantic"):
        write("worker", "host", flows)


def test_missing_folder_of_flows_is_named(write: Write, tmp_path: Path) -> None:
    """With the setting that names it."""
    with pytest.raises(BundleError, match=r"nowhere.*cdk\.json"):
        write("api", "host", tmp_path / "nowhere")
