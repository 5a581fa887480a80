"""The pruning of libraries in an asset."""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from sysconfig import get_path
from typing import Any

import pytest

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.authorities import write_amazons
from noukai_infra.bundle.libraries.pruning import OPERATIONS, prune_own
from noukai_infra.bundle.target import AssetName, Platform
from noukai_infra.settings import ROOT

Assets = Callable[[AssetName, Platform], Path]


def test_pruning_leaves_the_installers_own_copy_alone(tmp_path: Path) -> None:
    """An installer may link a file to its cache, which other installations share."""
    cache, installed = tmp_path / "cache", tmp_path / "installed"
    shutil.copytree(Path(get_path("purelib")) / "botocore", cache / "botocore")
    endpoints = cache / "botocore" / "data" / "endpoints.json"
    description: dict[str, Any] = {"partitions": [{"services": {"sqs": {}, "ec2": {}}}]}
    endpoints.write_text(json.dumps(description))
    before = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
    shutil.copytree(cache, installed, copy_function=os.link)
    prune_own(installed)
    shortened = installed / "botocore" / "data" / "endpoints.json"
    assert json.loads(shortened.read_text()) == {"partitions": [{"services": {"sqs": {}}}]}
    assert {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()} == before


def test_functions_are_described_what_they_call(asset: Assets) -> None:
    """Nothing that they call is forgotten, and nothing is read at a start that they do not call."""
    sources = "".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
    called = set(
        re.findall(r"client\.(?:get_paginator\(\"|generate_presigned_url\(\")?([a-z0-9_]+)\b", sources)
    )
    # Clients that are made when a secret needs them.
    called |= set(re.findall(r"lambda: \w+\(\)\.([a-z0-9_]+)\(", sources))
    called -= {"get_paginator", "generate_presigned_url"}
    assert {name.title().replace("_", "") for name in called} == set().union(*OPERATIONS.values())
    data = asset("worker", "host") / "own" / "botocore" / "data"
    for service, operations in OPERATIONS.items():
        (description,) = data.glob(f"{service}/*/service-2.json")
        assert json.loads(description.read_bytes())["operations"].keys() == operations


def _common_name(authority: Mapping[str, Any]) -> str:
    return str(dict(part[0] for part in authority["subject"])["commonName"])


def test_functions_trust_amazons_authorities_only(asset: Assets) -> None:
    """All of them, and nobody else: each is read at every new connection."""
    context = ssl.create_default_context(cafile=asset("api", "manylinux") / "authorities.pem")
    names = {_common_name(authority) for authority in context.get_ca_certs()}
    starfield = "Starfield Services Root Certificate Authority - G2"
    assert names == {*(f"Amazon Root CA {number}" for number in (1, 2, 3, 4)), starfield}


def test_missing_authority_is_named(tmp_path: Path) -> None:
    """Rather than found missing by a function that can no longer reach its table."""
    everybody = tmp_path / "cacert.pem"
    everybody.write_text('# Label: "Amazon Root CA 1"\n-----END CERTIFICATE-----\n')
    with pytest.raises(BundleError, match="Amazon Root CA 2"):
        write_amazons(everybody, tmp_path / "authorities.pem")


ADDRESSES = """
from botocore.compat import IPV6_ADDRZ_RE
from urllib3.util.url import Url, parse_url

for url in ("http://[::1]:80/x", "https://[fe80::1%25eth0]", "https://dynamodb.eu-west-1.amazonaws.com", "http://10.0.0.1:8/"):
    print(parse_url(url), bool(IPV6_ADDRZ_RE.match(Url(*parse_url(url)).host)))
"""


def test_addresses_are_read_as_by_the_libraries_themselves(asset: Assets) -> None:
    """Be it that a pattern is compiled when it is needed and not before."""
    said = [
        subprocess.run(
            [sys.executable, *("-S", "-c", ADDRESSES)], env=path, capture_output=True, text=True, check=True
        )
        for path in ({"PYTHONPATH": str(asset("api", "host"))}, {"PYTHONPATH": get_path("purelib")})
    ]
    assert said[0].stdout == said[1].stdout
    assert said[0].stdout.count("True") == 2
