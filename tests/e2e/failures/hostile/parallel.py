"""A flow whose processes work, in each way that Python has."""

import asyncio
import multiprocessing
import multiprocessing.pool
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Literal

from _squares import say_square  # type: ignore[import-not-found]  # a neighbour, wherever the folder lies

from noukai.flow import flow

Method = Literal["fork", "spawn", "forkserver"]


@flow(max_attempts=1)
def square(number: int) -> int:
    """Square a number: a flow, and a function that processes call."""
    return number * number


def map_in_pool(method: Method) -> list[int]:
    """Use a pool of processes."""
    with multiprocessing.get_context(method).Pool(2) as pool:
        return pool.map(square, range(4))


def map_in_executor(method: Method) -> list[int]:
    """Use an executor of processes."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        return list(executor.map(square, range(4)))


def await_executor(method: Method) -> list[int]:
    """Use an executor of processes in a coroutine."""

    async def work() -> list[int]:
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as executor:
            return [await loop.run_in_executor(executor, square, number) for number in range(4)]

    return asyncio.run(work())


def start_processes(method: Method) -> list[int]:
    """Use processes and pipes, without shared memory."""
    context: Any = multiprocessing.get_context(method)
    squares = []
    for number in range(4):
        reading, writing = context.Pipe(duplex=False)
        process = context.Process(target=say_square, args=(number, writing))
        process.start()
        squares.append(reading.recv())
        process.join()
    return squares


WAYS: dict[str, Callable[[Method], list[int]]] = {
    "pool": map_in_pool,
    "executor": map_in_executor,
    "awaited executor": await_executor,
    "processes": start_processes,
}


@flow(max_attempts=1)
def work(way: str, method: Method) -> list[int]:
    """Square four numbers in that way."""
    return WAYS[way](method)
