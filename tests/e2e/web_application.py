"""A driver of a document's web application: `python web_application.py FILE`."""

import asyncio
import importlib.util
import sys

import httpx
from fastapi import FastAPI


def load(path: str) -> FastAPI:
    spec = importlib.util.spec_from_file_location("application", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app: FastAPI = module.app
    return app


async def drive(app: FastAPI) -> None:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://application") as browser,
    ):
        started = await browser.post("/counts", params={"text": "to be or not to be"})
        assert started.status_code == 202, started.text
        path = f"/counts/{started.json()['id']}"
        shown = (await browser.get(path)).json()
        assert shown["state"] in ("pending", "running"), shown
        assert (await browser.delete(path)).status_code == 204
        shown = (await browser.get(path)).json()
        assert shown["state"] == "cancelled", shown
        assert (await browser.get(path + "x")).status_code == 404
        print(shown)  # noqa: T201 - a script says what it has seen


asyncio.run(drive(load(sys.argv[1])))
