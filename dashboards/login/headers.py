"""Headers of every answer: no other site may frame it, guess its kind or learn its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tornado.web import OutputTransform

if TYPE_CHECKING:
    from tornado.httputil import HTTPHeaders, HTTPServerRequest

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'; base-uri 'self'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
KEEP_SAFE = "max-age=31536000"


class SafeHeaders(OutputTransform):
    """Adds the headers that the answer hasn't set itself."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self.encrypted = request.protocol == "https"

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: ARG002, FBT001 - Tornado's signature
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add them."""
        for name, value in SAFE.items():
            if name not in headers:
                headers[name] = value
        if self.encrypted and "Strict-Transport-Security" not in headers:
            headers["Strict-Transport-Security"] = KEEP_SAFE
        if "Server" in headers:
            del headers["Server"]
        return status_code, headers, chunk
