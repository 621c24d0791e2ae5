"""The files that pages load: read once, named by their content, so that a browser keeps each for good.

Only what is listed is served; a name never becomes a path.
"""

import hashlib
from importlib.resources import files

import msgspec

from access.dashboard.compress import small

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_STYLESHEET = "totem.css"
_STYLES = (
    "ground", "header", "plan", "beside", "sign-in", "panel", "pages",
    "desk", "duty", "visits", "wall", "print", "narrow",
)  # fmt: skip  # a table
"""What the one stylesheet is made of, each part by what it dresses; a later one overrides. One request: every other
would stand before the first paint."""
_NAMES = (_STYLESHEET, "totem.js", "totem.svg", "vendor/htmx.min.js", "vendor/htmx-ext-sse.js")


class Asset(msgspec.Struct, frozen=True):
    """A file as it is sent: plain, or `small` by gzip."""

    body: bytes
    small: bytes
    media_type: str
    version: str

    @classmethod
    def read(cls, name: str) -> "Asset":
        """Read one of the package's static files; the stylesheet from its parts."""
        parts = [f"styles/{part}.css" for part in _STYLES] if name == _STYLESHEET else [name]
        static = files("access.dashboard").joinpath("static")
        body = b"".join(static.joinpath(*part.split("/")).read_bytes() for part in parts)
        media_type = f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8"
        return cls(body, small(body), media_type, hashlib.sha256(body).hexdigest()[:12])


def read_assets() -> dict[str, Asset]:
    """Return every asset by its name."""
    return {name: Asset.read(name) for name in _NAMES}


def addresses(assets: dict[str, Asset]) -> dict[str, str]:
    """Return where pages find each asset."""
    return {name: f"/static/{name}?v={asset.version}" for name, asset in assets.items()}
