"""The files of the console in the API's asset: compressed, named by their content, with their headers."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

from noukai_infra.console.joining import join

_HERE = Path(__file__).resolve().parent
PAGE = _HERE / "page"
LIBRARIES = {
    "preact": _HERE / "libraries" / "preact.js",
    "preact/hooks": _HERE / "libraries" / "hooks.js",
    "@preact/signals-core": _HERE / "libraries" / "signals-core.js",
    "@preact/signals": _HERE / "libraries" / "signals.js",
    "htm": _HERE / "libraries" / "htm.js",
}
"""The libraries by the names under which modules import them."""

_STYLES = ("tokens", "layout", "controls", "views")
_FOREVER = "public, max-age=31536000, immutable"
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE_SAFE = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src {style}; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
"""The page's policy, to which the function adds `connect-src`: only it knows the bucket."""

_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n", re.MULTILINE | re.DOTALL)


def write_console(folder: Path) -> None:
    """Write the console's files into a folder: an HTML page with its styles, and a script."""
    folder.mkdir(parents=True)
    script = _COMMENT.sub("", join(PAGE / "main.js", LIBRARIES)).encode()
    style = _COMMENT.sub("", "".join((PAGE / "styles" / f"{name}.css").read_text() for name in _STYLES))
    name = f"console.{_hash(script)}.js"
    page = (PAGE / "index.html").read_text().replace("%STYLE%", style).replace("%SCRIPT%", f"console/{name}")
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    _write(folder / "index.html", page.encode())
    _write(folder / name, script)
    script_type = "text/javascript; charset=utf-8"
    files = {
        "": {
            **_headers(page.encode(), "text/html; charset=utf-8", "no-cache"),
            **_PAGE_SAFE,
            "Content-Security-Policy": _POLICY.format(style=f"'sha256-{allowed}'"),
        },
        name: _headers(script, script_type, _FOREVER),
    }
    (folder / "files.json").write_text(json.dumps(files))


def _write(path: Path, content: bytes) -> None:
    # Without a time, so that the asset is reproducible.
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


def _headers(content: bytes, kind: str, caching: str) -> dict[str, str]:
    tag = f'"{_hash(content)}"'
    return {"Content-Type": kind, "Cache-Control": caching, "ETag": tag, "Vary": "Accept-Encoding", **_SAFE}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
