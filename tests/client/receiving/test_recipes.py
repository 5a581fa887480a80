"""The recipes for receivers in Python, run to the letter."""

import asyncio
import base64
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import django
import httpx
import pytest
from django.conf import settings
from django.test import Client

from noukai_functions.webhooks.signature import signed_headers
from noukai_wire.webhooks import TEST_EVENT
from tests.client.receiving.signed_cases import SECRET, Case, cases
from tests.documents import BLOCKS

RECIPES = {
    block.file: block for block in BLOCKS if block.info.startswith("receiver=") and block.language == "python"
}
PATH = "/webhooks/noukai"
Answer = tuple[int, str]


def by_fastapi(module: ModuleType, case: Case) -> Answer:
    """Send to the application in its own event loop."""

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(module.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as sender:
            return await sender.post(PATH, content=case.body, headers=case.headers)

    answer = asyncio.run(post())
    return answer.status_code, answer.text


def by_flask(module: ModuleType, case: Case) -> Answer:
    """Send by Flask's test client."""
    answer = module.app.test_client().post(PATH, data=case.body, headers=case.headers)
    return answer.status_code, answer.text


def by_django(module: ModuleType, case: Case) -> Answer:
    """Send by Django's test client, with its check of forms in force."""
    settings.ROOT_URLCONF = module.__name__
    headers = {name: value for name, value in case.headers.items() if name != "content-type"}
    client = Client(enforce_csrf_checks=True)
    answer = client.post(PATH, case.body, content_type="application/json", headers=headers)
    return answer.status_code, answer.text


def by_lambda(module: ModuleType, case: Case) -> Answer:
    """Call the handler as a function URL does, with the body as text."""
    answer = module.handler({"body": case.body.decode(), "headers": case.headers}, None)
    return answer["statusCode"], answer.get("body", "")


def by_lambda_in_base64(module: ModuleType, case: Case) -> Answer:
    """Call the handler as an HTTP API does with bodies of other types."""
    body = base64.b64encode(case.body).decode()
    answer = module.handler({"body": body, "headers": case.headers, "isBase64Encoded": True}, None)
    return answer["statusCode"], answer.get("body", "")


WAYS: Mapping[str, tuple[str, Callable[[ModuleType, Case], Answer]]] = {
    "FastAPI": ("fastapi_receiver.py", by_fastapi),
    "Flask": ("flask_receiver.py", by_flask),
    "Django": ("django_receiver.py", by_django),
    "Lambda": ("lambda_receiver.py", by_lambda),
    "Lambda, base64": ("lambda_receiver.py", by_lambda_in_base64),
}


@pytest.fixture(scope="module", autouse=True)
def _configured() -> None:
    """Give Django the settings without which it does nothing."""
    settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"])
    django.setup()


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    """Yield the recipes as modules."""
    folder = tmp_path_factory.mktemp("recipes")
    yield {name: loaded(folder / name, block.code) for name, block in RECIPES.items()}
    for name in RECIPES:
        del sys.modules[Path(name).stem]


def loaded(file: Path, code: str) -> ModuleType:
    """Return the module of a recipe."""
    file.write_text(code)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("way", WAYS)
def test_recipe(
    way: str,
    name: str,
    modules: dict[str, ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It acts upon what is signed, and answers 400 with the reason to anything else."""
    monkeypatch.setenv("NOUKAI_WEBHOOK_SECRET", SECRET)
    file, call = WAYS[way]
    case = cases()[name]
    status, text = call(modules[file], case)
    if case.is_valid:
        assert (status, text, capsys.readouterr().out) == (204, "", "job.completed job_1\n")
    else:
        assert (status, capsys.readouterr().out) == (400, "")
        assert "signature" in text.lower() or "timestamp" in text or "missing" in text


@pytest.mark.parametrize("way", WAYS)
def test_recipe_takes_a_test(
    way: str, modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first event that a new endpoint gets has no job."""
    monkeypatch.setenv("NOUKAI_WEBHOOK_SECRET", SECRET)
    event = {"type": TEST_EVENT, "timestamp": "2027-01-15T08:00:00.000Z", "data": {"webhook": "billing"}}
    body = json.dumps(event).encode()
    file, call = WAYS[way]
    headers = signed_headers("msg_1", int(time.time()), body, [SECRET])
    assert call(modules[file], Case(body, headers, is_valid=True)) == (204, "")


def test_every_recipe_is_run() -> None:
    """That of Express is run by `test_official_libraries.py`."""
    assert {file for file, _ in WAYS.values()} == {*RECIPES}
