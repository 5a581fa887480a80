"""A receiver of webhooks: a program on this machine, whose answers a test chooses."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any


@dataclass(frozen=True)
class Post:
    """A request that the receiver has got."""

    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A receiver and what it has got; `answer` decides about each request: a status, headers and a body."""

    url: str = ""
    answer: Callable[[Post], tuple[int, Mapping[str, str], bytes]] = lambda _: (204, {}, b"")
    posts: list[Post] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    arrived: Event = field(default_factory=Event)
    """Never set: what waits for a request looks again and again."""
    lock: Lock = field(default_factory=Lock)

    def answer_with(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.answer = lambda _: (status, headers or {}, body)

    def hang(self) -> None:
        """Give no answer before the test is over, or the caller has gone."""

        def wait(_post: Post) -> tuple[int, Mapping[str, str], bytes]:
            self.released.wait(60)
            return 200, {}, b""

        self.answer = wait

    @property
    def ids(self) -> list[str]:
        return [post.id for post in self.posts]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        """The requests of one connection."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            post = Post({name.lower(): value for name, value in self.headers.items()}, body)
            with receiver.lock:
                receiver.posts.append(post)
            status, headers, content = receiver.answer(post)
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Ignore the request."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # the caller did not wait for the answer

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.url = f"http://localhost:{server.server_address[1]}/hook"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            server.shutdown()
            thread.join()
