"""Flows that use secrets."""

import os
from functools import cache

from noukai.flow import Context, flow


@cache
def connection() -> str:
    """Return what stands for a connection, which a process makes once."""
    return os.environ["DB_URL"]


@flow
def reveal(*, context: Context) -> list[str | int | None]:
    """Return a secret as the process, the environment and the context have it, and the process."""
    return [connection(), os.environ["DB_URL"], context.secret("DB_URL"), os.getpid()]


@flow
def reveal_token(*, context: Context) -> str:
    return context.secret("TOKEN")


@flow(max_attempts=2)
def reveal_again(*, context: Context) -> list[str]:
    """Return a secret before and after it is read again, and then that of the environment."""
    before = context.secret("DB_URL")
    after = context.secret("DB_URL", refresh=True)
    context.logger.info("refused: %s, taken: %s", before, after)
    return [before, after, os.environ["DB_URL"]]


@flow
def ask_in_a_child(*, context: Context) -> str:
    """Return what a forked child has read again."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, context.secret("DB_URL", refresh=True).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reading, 100).decode()


@flow(max_attempts=1)
def leak(*, context: Context) -> None:
    context.logger.info("the secret is %s", context.secret("DB_URL"))
    raise ValueError(f"refused: {context.secret('DB_URL')}")


@flow(max_attempts=3)
def ask_for_another(*, context: Context) -> str:
    return context.secret("DB_URI")
