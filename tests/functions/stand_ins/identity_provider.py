"""An identity provider on loopback, with real keys, discovery and a JWKS over HTTPS."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

DISCOVERY = "/.well-known/openid-configuration"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass
class Provider:
    """The provider: what it answers by path, and what was asked."""

    issuer: str
    keys: dict[str, Key] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, *names: str) -> None:
        """Publish these of its keys."""
        keys = [{**public(self.keys[name]), "kid": name, "use": "sig"} for name in names]
        self.say("/keys", {"keys": keys})
        self.say(DISCOVERY, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"})

    def say(self, path: str, document: Any, status: int = 200) -> None:
        self.answers[path] = (status, json.dumps(document).encode())

    def sign(self, claims: dict[str, Any], key: str = "r1", algorithm: str = "RS256", **headers: Any) -> str:
        """Return a token as the provider signs it."""
        return jwt.encode(claims, self.keys[key], algorithm, {"kid": key, **headers})


def public(key: Key) -> dict[str, Any]:
    """Return the JWK of a key's public half."""
    if isinstance(key, rsa.RSAPrivateKey):
        return RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return ECAlgorithm.to_jwk(key.public_key(), as_dict=True)


@contextmanager
def running_provider(authority: trustme.CA) -> Iterator[Provider]:
    """Yield a provider whose certificate the authority has signed."""
    provider = Provider("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            status, content = provider.answers.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", f"{provider.issuer}/keys")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a caller may hang up
    provider.issuer = f"https://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
