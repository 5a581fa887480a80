"""The asset of the authorizer: its content, its size, and what it loads."""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_infra.bundle.target import AssetName, Platform
from tests.infra.bundle.test_bundle import ELF_MACHINE, UNCHECKED_HASH, files, top_level

Write = Callable[..., Path]
Assets = Callable[[AssetName, Platform], Path]

OURS = {"noukai_functions", "noukai_wire"}
LIBRARIES = {"jwt", "cryptography", "cffi", "pycparser"}
HANDLERS = {"__init__.py", "authorize.py"}
MOST_MODULES_FOR_A_KEY = 30
"""A process that sees keys alone imports JSON, and a handful of ours."""
MOST_MODULES_FOR_A_TOKEN = 220
CALLS = """
import json, sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
from noukai_functions.handlers.authorize import handler
answers = [handler({"identitySource": [each]}, None) for each in sys.argv[2:]]
print(json.dumps([answers, sorted(set(sys.modules) - before)]))
"""
RULES = {"issuer": "https://127.0.0.1:1", "audience": ["jobs"], "org_claim": "org", "scopes": ["read"]}


def called(folder: Path, *headers: str) -> tuple[list[dict[str, object]], set[str]]:
    """Call the authorizer of an asset; return its answers and the modules that it loads."""
    command = [sys.executable, "-I", "-S", "-c", CALLS, str(folder), *headers]
    done = subprocess.run(
        command, env={"IDENTITY": json.dumps(RULES)}, check=True, capture_output=True, text=True
    )
    answers, modules = json.loads(done.stdout)
    return answers, set(modules)


@pytest.mark.parametrize("platform", ["manylinux", "host"])
def test_asset_has_the_authorizer_and_its_libraries_alone(asset: Assets, platform: Platform) -> None:
    """No flow, no catalog, no other handler, and nothing that calls AWS."""
    folder = asset("identity", platform)
    extensions = {name for name in top_level(folder) if name.startswith("_cffi_backend.")}
    assert len(extensions) == 1
    assert top_level(folder) == OURS | LIBRARIES | extensions
    assert top_level(folder / "noukai_functions") == {"__init__.py", "handlers", "identity"}
    assert top_level(folder / "noukai_functions" / "handlers") == HANDLERS
    assert top_level(folder / "noukai_wire") == {"__init__.py", "limits.py", "slug.py"}


def test_no_other_asset_has_the_authorizer_or_its_libraries(asset: Assets) -> None:
    """Most deployments have no identity provider."""
    for name in ("api", "worker"):
        names = files(asset(name, "manylinux")).keys()
        assert not [each for each in names if each.startswith(("jwt", "cryptography", "cffi"))]
        assert not [each for each in names if "/identity/" in each or "authorize" in each]


def test_asset_is_small(asset: Assets, tmp_path: Path) -> None:
    """Nearly all of it is the library with OpenSSL."""
    archive = shutil.make_archive(str(tmp_path / "identity"), "zip", asset("identity", "manylinux"))
    assert Path(archive).stat().st_size < 5.5e6


def test_every_module_is_byte_code_that_is_never_checked(asset: Assets) -> None:
    """Of our own code alone there are sources, for tracebacks."""
    folder = asset("identity", "manylinux")
    for source in folder.rglob("*.py"):
        assert Path(importlib.util.cache_from_source(str(source))).exists()
        assert source.relative_to(folder).parts[0] in OURS
    codes = list(folder.rglob("*.pyc"))
    assert len(codes) > 100
    for code in codes:
        head = code.read_bytes()[:8]
        assert head[:4] == importlib.util.MAGIC_NUMBER, code
        assert int.from_bytes(head[4:], "little") == UNCHECKED_HASH, code


@pytest.mark.parametrize(
    ("platform", "processor"), [("manylinux", "aarch64"), ("manylinux-x86_64", "x86_64")]
)
def test_extensions_are_for_the_architecture(asset: Assets, platform: Platform, processor: str) -> None:
    extensions = [content for name, content in files(asset("identity", platform)).items() if ".so" in name]
    assert len(extensions) == 2
    assert {int.from_bytes(each[18:20], "little") for each in extensions} == {ELF_MACHINE[processor]}


def test_asset_is_the_same_from_run_to_run(asset: Assets, write: Write, tmp_path: Path) -> None:
    again = files(write("identity", "manylinux", cache=tmp_path))
    assert again == files(asset("identity", "manylinux"))


def test_keys_load_no_cryptography(asset: Assets) -> None:
    """A function that sees keys alone starts without it, and its answers state nothing."""
    answers, modules = called(asset("identity", "host"), "Bearer nk_a", "Bearer nt_1a", "Basic x", "Bearer")
    assert answers == [{"isAuthorized": True, "context": {}}] * 4
    assert not {name.split(".")[0] for name in modules} & {"jwt", "cryptography", "_cffi_backend", "ssl"}
    assert len(modules) < MOST_MODULES_FOR_A_KEY


def test_tokens_load_what_the_asset_has(asset: Assets) -> None:
    """The asset is complete: nothing else is imported but the standard library, and no event loop."""
    answers, modules = called(asset("identity", "host"), "Bearer eyJhbGciOiJSUzI1NiJ9.e30.eA")
    assert answers == [{"isAuthorized": True, "context": {"error": "unavailable"}}]
    loaded = {name.split(".")[0] for name in modules}
    assert loaded - sys.stdlib_module_names - OURS <= LIBRARIES | {"_cffi_backend", "_openssl"}
    assert not loaded & {"asyncio", "botocore", "urllib3", "noukai"}
    assert len(modules) < MOST_MODULES_FOR_A_TOKEN
