"""The command `noukai` with files: inputs that it reads, and results that it writes."""

from pathlib import Path
from typing import Any

import pytest

from tests.client.cli.running_command import run
from tests.client.script import job
from tests.client.servers.fake_api import FLOW, FakeApi

pytestmark = pytest.mark.usefixtures("api")

BYTES = {"type": "string", "contentEncoding": "base64"}
NULLABLE = {"anyOf": [BYTES, {"type": "null"}]}
REFERRED = {"$ref": "#/$defs/Picture"}
CONTENT = b"\x89PNG\xff>>?"
BASE64 = "iVBOR/8+Pj8="


def flow(api: FakeApi, *, output: Any = None, **inputs: Any) -> None:
    """Let the deployment have the flow `done`, with these inputs and this output."""
    schema = {"properties": inputs, "$defs": {"Picture": BYTES}}
    api.flows = [FLOW, {**FLOW, "flow": "acme/demo/done", "input": schema, "output": output}]


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "picture.png"
    path.write_bytes(CONTENT)
    return str(path)


@pytest.mark.parametrize("schema", [BYTES, NULLABLE, REFERRED], ids=["bytes", "perhaps", "referred"])
def test_file_is_sent_as_the_base64_that_the_flow_takes(api: FakeApi, picture: str, schema: Any) -> None:
    """The file becomes the message, or the only parameter of bytes if the flow has no message."""
    flow(api, message=schema, other=BYTES)
    assert run("submit", "acme/demo/done", "-f", picture)[0] == 0
    flow(api, scan=schema, width={"type": "integer"})
    assert run("submit", "acme/demo/done", "-f", picture, "-p", "width=3")[0] == 0
    assert api.submissions == [{"message": BASE64}, {"parameters": {"scan": BASE64, "width": 3}}]


def test_text_for_a_flow_of_bytes_is_base64_too(api: FakeApi) -> None:
    """The content of the file makes no difference."""
    flow(api, message=BYTES)
    assert run("submit", "acme/demo/done", "-f", "-", stdin=b"text")[0] == 0
    assert api.submissions == [{"message": "dGV4dA=="}]


@pytest.mark.parametrize("schema", [{"type": "string"}, {}, {"anyOf": [{"type": "string"}, BYTES]}])
def test_text_stays_text(api: FakeApi, schema: Any, picture: str) -> None:
    """A flow of text gets text; other content is refused before anything is sent."""
    flow(api, message=schema)
    assert run("submit", "acme/demo/done", "-f", "-", stdin="grüße")[0] == 0
    assert api.submissions == [{"message": "grüße"}]
    code, _, said = run("submit", "acme/demo/done", "-f", picture)
    assert (code, "not UTF-8 text, and the flow does not accept bytes" in said.replace("\n", " ")) == (
        2,
        True,
    )
    assert len(api.submissions) == 1


def test_one_argument_is_given_once(api: FakeApi, picture: str) -> None:
    flow(api, scan=BYTES)
    assert run("submit", "acme/demo/done", "-f", picture, "-p", 'scan="a"')[0] == 2
    assert run("submit", "acme/demo/done", "-f", picture, "-m", "text")[0] == 2
    assert api.submissions == []


OUTPUTS: tuple[tuple[Any, Any, bytes], ...] = (
    ({"type": "object"}, {"a": "ü"}, '{\n  "a": "ü"\n}\n'.encode()),
    ({"type": "string"}, "text", b"text\n"),
    (BYTES, BASE64, CONTENT),
    (NULLABLE, None, b"null\n"),
    (None, BASE64, BASE64.encode() + b"\n"),
)


@pytest.mark.parametrize(("schema", "output", "written"), OUTPUTS)
def test_result_is_written_to_a_file(
    api: FakeApi, tmp_path: Path, schema: Any, output: Any, written: bytes
) -> None:
    """The file has what would be printed, or the bytes; nothing is printed."""
    flow(api, output=schema)
    result = {"status": "completed", "output": output, "flowId": "acme/demo/done"}
    api.live("job_done", job("completed", result=result))
    path = tmp_path / "result"
    for arguments in (["wait", "job_done"], ["submit", "acme/demo/done", "--wait"]):
        assert run(*arguments, "-o", str(path)) == (0, "", "")
        assert path.read_bytes() == written
        path.unlink()
        assert run(*arguments, "-o", "-") == (0, written.decode("utf-8", "replace"), "")


def test_file_of_a_job_without_a_result_stays_as_it_is(api: FakeApi, tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_text("as before")
    api.live("job_failed", job("failed", error="ValueError: no"))
    assert run("wait", "job_failed", "-o", str(path))[0] == 1
    assert path.read_text() == "as before"


def test_output_option_needs_a_wait(tmp_path: Path) -> None:
    """-o without --wait is wrong usage, and so is -o with --json."""
    path = str(tmp_path / "result")
    assert run("submit", "acme/demo/done", "-o", path)[0] == 2
    assert run("wait", "job_done", "-o", path, "--json")[0] == 2
    assert run("wait", "job_done", "-o", str(tmp_path / "none" / "result"))[0] == 2
