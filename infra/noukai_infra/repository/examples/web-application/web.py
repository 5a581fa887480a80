from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from noukai import AsyncNoukai, JobNotFoundError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncNoukai(api_key="nk_local_acme", org="acme", project="demo") as app.state.noukai:
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/counts", status_code=202)
async def start(text: str, request: Request) -> dict[str, str]:
    job = await request.app.state.noukai.flow("word-count").job(message=text, parameters={"pause": 20})
    return {"id": job.id}


@app.get("/counts/{id}")
async def show(id: str, request: Request) -> dict[str, object]:
    try:
        status = await request.app.state.noukai.job(id).status()
    except JobNotFoundError as error:
        raise HTTPException(404) from error
    output = status.result.output if status.result else None
    return {"state": status.state, "progress": status.progress, "output": output, "error": status.error}


@app.delete("/counts/{id}", status_code=204)
async def cancel(id: str, request: Request) -> None:
    await request.app.state.noukai.job(id).cancel()
