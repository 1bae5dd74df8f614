"""Signing in: the page, the cookie, and who it stands for."""

from dashboards.login.auth import Provider

__all__ = ["Provider"]
