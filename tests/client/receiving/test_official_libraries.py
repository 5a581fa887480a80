"""The libraries of Standard Webhooks and the recipe for Express, with what we sign."""

import base64
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from noukai.webhooks import verify
from noukai_infra.nodejs import NODE, NPM, node_environment
from noukai_infra.settings import ROOT
from tests.client.receiving.signed_cases import BODY, EVENT, SECRET, cases
from tests.documents import BLOCKS

HERE = Path(__file__).parent
FOLDER = ROOT / ".build" / "receiving"
[EXPRESS] = [block for block in BLOCKS if block.info == "receiver=express_receiver.mjs"]
BAD_REQUEST, NO_CONTENT = 400, 204


@pytest.mark.parametrize("name", cases())
def test_python(name: str) -> None:
    """What the library for Python accepts and refuses, our `verify` does too."""
    case = cases()[name]
    if case.is_valid:
        assert Webhook(SECRET).verify(case.body, case.headers) == EVENT
        assert verify(case.body, case.headers, SECRET) == EVENT
    else:
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(case.body, case.headers)


def test_verify_accepts_what_the_library_signs() -> None:
    """The standard's own signatures."""
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, BODY.decode()),
    }
    assert verify(BODY, headers, SECRET) == EVENT


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what came of each case in Node, with the locked packages from npm."""
    folder = tmp_path_factory.mktemp("express")
    (folder / "node_modules").symlink_to(node_modules())
    (folder / EXPRESS.file).write_text(EXPRESS.code)
    shutil.copy(HERE / "receive.mjs", folder)
    given = {
        name: {"body": base64.b64encode(case.body).decode(), "headers": case.headers}
        for name, case in cases().items()
    }
    environ = {**node_environment(os.environ), "NOUKAI_WEBHOOK_SECRET": SECRET, "NODE_ENV": "production"}
    done = subprocess.run(
        [NODE, "receive.mjs", EXPRESS.file],
        cwd=folder,
        env=environ,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    came: dict[str, Any] = json.loads(done.stdout)
    return came


def node_modules() -> Path:
    """Install the locked packages, unless they are there; return their folder."""
    installed, locked = FOLDER / "node_modules", HERE / "package-lock.json"
    complete = FOLDER / locked.name
    if not complete.exists() or complete.read_bytes() != locked.read_bytes():
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", locked.name):
            shutil.copy(HERE / name, FOLDER)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        try:
            subprocess.run([*NPM, "ci", *quiet], check=True, cwd=FOLDER, env=node_environment(os.environ))
        except subprocess.CalledProcessError:
            complete.unlink()
            raise
    return installed


@pytest.mark.parametrize("name", cases())
def test_javascript(name: str, received: dict[str, Any]) -> None:
    """The library for JavaScript accepts and refuses the same."""
    assert received[name]["verified"] == (EVENT if cases()[name].is_valid else None)


@pytest.mark.parametrize("name", cases())
def test_express(name: str, received: dict[str, Any]) -> None:
    """The recipe for Express answers 204, or 400 with the reason."""
    assert received[name]["status"] == (NO_CONTENT if cases()[name].is_valid else BAD_REQUEST)
