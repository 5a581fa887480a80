"""The parts of the local system that need no emulator."""

import asyncio
import errno
import io
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from watchfiles import Change

from noukai_infra.local import processes
from noukai_infra.local.address.api_address import Address
from noukai_infra.local.address.browsers import CrossOrigins
from noukai_infra.local.address.hosts import is_loopback
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.flow_files import FlowFiles
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.local.emulator.shared_zip import SharedZip
from noukai_infra.local.errors import LocalError


def write_assembly(folder: Path) -> None:
    """Write an assembly of one stack with a template, a folder and a file, as the CDK does."""
    bucket = "cdk-assets-${AWS::AccountId}-${AWS::Region}"
    sources = {"t": "noukai.template.json", "f": "asset.f", "z": "asset.z"}
    files = {
        name: {
            "source": {"path": path},
            "destinations": {"here": {"bucketName": bucket, "objectKey": f"{name}.bin"}},
        }
        for name, path in sources.items()
    }
    artifacts = {
        "noukai": {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": "noukai.template.json"},
        },
        "noukai.assets": {"type": "cdk:asset-manifest", "properties": {"file": "noukai.assets.json"}},
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    (folder / "noukai.assets.json").write_text(json.dumps({"files": files}))
    (folder / "noukai.template.json").write_text('{"Resources": {}}')
    (folder / "asset.f").write_text("a file")
    (folder / "asset.z" / "package").mkdir(parents=True)
    (folder / "asset.z" / "package" / "module.py").write_text("x = 1\n")


def test_an_assembly_says_what_to_publish(tmp_path: Path) -> None:
    """Files are published as they are and folders as zip files, where the template will look for them."""
    write_assembly(tmp_path)

    assembly = Assembly.read(tmp_path)
    file, folder = assembly.assets

    assert (assembly.stack, assembly.template) == ("noukai", '{"Resources": {}}')
    assert (file.bucket, file.key) == ("cdk-assets-000000000000-us-east-1", "f.bin")
    assert file.content() == b"a file"
    with zipfile.ZipFile(io.BytesIO(folder.content())) as archive:
        assert archive.read("package/module.py") == b"x = 1\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("demo.py", True),
        ("requirements.txt", True),
        ("prompts/first.md", True),
        ("__pycache__/demo.cpython-311.pyc", False),
        (".demo.py.swp", False),
        ("4913", False),
        ("demo.py~", False),
        (".#demo.py", False),
        ("#demo.py#", False),
        ("demo.py.tmp", False),
        ("shop/build/lib/shop.py", False),
        ("shop/shop.egg-info/PKG-INFO", False),
    ],
)
def test_what_editors_write_beside_a_file_is_no_change(name: str, *, expected: bool) -> None:
    """Files of the flows count, temporary files of editors and byte code do not."""
    assert FlowFiles()(Change.modified, f"/flows/{name}") is expected


def test_a_held_port_refuses_connections() -> None:
    """Nobody gets an answer, nor is kept waiting for one, before the system is ready."""
    with Address.reserved(0) as address, socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port_of(address))) == errno.ECONNREFUSED


def port_of(address: Address) -> int:
    return int(address.url.removeprefix("http://localhost:").partition("/")[0])


def test_a_port_is_taken_in_either_family() -> None:
    """A port that somebody uses on one loopback address is not used on the other either."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} is taken"), Address.reserved(port):
            pass


def test_the_later_of_two_at_one_port_is_refused() -> None:
    """Both can hold a port that nobody listens at yet; the second to listen gets the usual error."""
    with Address.reserved(0) as first, Address.reserved(port_of(first)) as second:
        for listener in first.sockets:
            listener.listen()
        nowhere = Endpoint("https://127.0.0.1:1", Path("nowhere"))
        with pytest.raises(LocalError, match=f"Port {port_of(first)} is taken"):
            asyncio.run(second.serve(nowhere, "api", ["bucket"], CrossOrigins()))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:8080", True),
        ("LocalHost.", True),
        ("api.localhost:1", True),
        ("127.0.0.1:8080", True),
        ("127.9.9.9", True),
        ("[::1]:8080", True),
        ("evil.example:8080", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("notlocalhost", False),
        ("192.168.0.7:8080", False),
        ("0.0.0.0", False),
        ("localhost@evil.example", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_answered(host: str, expected: bool) -> None:
    """A page that lets its own name mean this machine gets nothing from the address."""
    assert is_loopback(host) is expected


def test_an_asset_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All who unpack the same files share them, and are not hurt when one of them goes."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("package/module.py", "x = 1")
    first, second = tmp_path / "1" / "code", tmp_path / "2" / "code"
    for folder in (first, second):
        folder.mkdir(parents=True)
        with SharedZip(archive) as reading:
            reading.extractall(folder)
    assert (first / "package" / "module.py").samefile(second / "package" / "module.py")

    shutil.rmtree(first.parent)
    assert (second / "package" / "module.py").read_text() == "x = 1"


def test_an_asset_is_whole_for_each_of_many_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that start at the same time all find every file, whichever unpacks the asset."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    archive, names = tmp_path / "code.zip", [f"{number}.py" for number in range(300)]
    with zipfile.ZipFile(archive, "w") as writing:
        for name in names:
            writing.writestr(name, "x = 1")
    together = threading.Barrier(4)

    def unpack(number: int) -> set[str]:
        folder = tmp_path / str(number)
        folder.mkdir()
        with SharedZip(archive) as reading:
            together.wait()
            reading.extractall(folder)
        return {path.name for path in folder.iterdir()}

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(unpack, range(4))) == [set(names)] * 4


def test_a_process_that_will_not_stop_is_killed() -> None:
    """Every process with the run's mark is ended, in any session and whatever signal it ignores."""
    run = uuid.uuid4().hex
    ignoring = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    stubborn = f"{ignoring}; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", stubborn],
        env={**os.environ, processes.MARK: run},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        ticks = itertools.count()
        processes.end_all(run, clock=lambda: next(ticks), sleep=lambda _: None)
        assert process.wait() == -9
    assert processes.marked(run) == []


def test_a_process_of_another_run_is_left_alone() -> None:
    """Ending one run does not touch another."""
    with subprocess.Popen(
        ["cat"], env={**os.environ, processes.MARK: "other"}, stdin=subprocess.PIPE
    ) as process:
        processes.end_all(uuid.uuid4().hex)
        assert process.poll() is None
