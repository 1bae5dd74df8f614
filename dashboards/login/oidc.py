"""Signing in through an OpenID Connect provider: authorization code with PKCE, state and nonce.

The provider vouches for who somebody is; what they may see stands here, under the user name that
the claim gives. Whoever isn't a user here stays outside.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import OAuth2Error
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy.exc import OperationalError

from dashboards.login.auth import Door, inside
from workbench.errors import NotAllowed, Reason
from workbench.locale import msg
from workbench.store import access_log, signins

if TYPE_CHECKING:
    from workbench.settings import Oidc

log = logging.getLogger("dashboards.login")

START, BACK = "/oidc/start", "/oidc/callback"
COOKIE = "oidc"
PATIENCE = 10
"""Seconds for an answer of the provider."""
AT_ONCE = asyncio.Semaphore(2)
"""A provider that hangs holds so many threads, and leaves the others to the pages."""
MINUTES = 10
"""For so long one may take to sign in there."""
SIGNED_BY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""By the provider's own key; never "none", nor one that the client's secret could make."""
LEEWAY = 60
"""Seconds by which two clocks may differ."""
FAILED = msg("La connexion par {provider} n’a pas abouti. Recommencez.")
STALE = msg("Cette connexion n’a pas commencé ici, ou a trop duré. Recommencez.")
NAMELESS = msg("{provider} n’a pas dit votre nom : il y manque « {claim} ».")
UNVERIFIED = msg("{provider} n’a pas vérifié l’adresse « {username} ».")


@dataclass(frozen=True)
class Going:
    """What is kept in the browser while it is at the provider's."""

    state: str
    nonce: str
    verifier: str
    next: str

    @classmethod
    def new(cls, address: str) -> Going:
        """With secrets of its own."""
        made = [secrets.token_urlsafe(32) for _ in range(2)]
        return cls(made[0], made[1], secrets.token_urlsafe(64), address)


def verified(token: str, keys: Any, *, issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token: signed by the issuer, for this client, for this one sign-in.

    Raises:
        JoseError, ValueError: it isn't.
    """
    signed = jwt.decode(token, KeySet.import_key_set(keys), algorithms=SIGNED_BY)
    jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
        azp={"value": client_id},
    ).validate(signed.claims)
    return dict(signed.claims)


class Provider:
    """The provider as its own description has it; asked on a thread."""

    def __init__(self, asked: Oidc) -> None:
        self.asked = asked

    def described(self) -> dict[str, Any]:
        """Its addresses.

        Raises:
            NotAllowed: it describes another provider.
        """
        answer = requests.get(
            f"{self.asked.issuer}/.well-known/openid-configuration", timeout=PATIENCE
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        if found["issuer"].rstrip("/") != self.asked.issuer:
            raise NotAllowed(f"The provider says that it is {found['issuer']!r}.")
        return found

    def client(self, back: str) -> OAuth2Session:
        """What speaks to it."""
        secret = self.asked.secret()
        return OAuth2Session(
            self.asked.client_id,
            secret,
            scope=self.asked.scope,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
        )

    def door(self, going: Going, back: str) -> str:
        """Where to send the browser."""
        address, _ = self.client(back).create_authorization_url(
            self.described()["authorization_endpoint"],
            state=going.state,
            nonce=going.nonce,
            code_verifier=going.verifier,
        )
        return str(address)

    def claims(self, code: str, going: Going, back: str) -> dict[str, Any]:
        """What the provider says of whoever brought the code; its signature was checked.

        Raises:
            OAuth2Error, JoseError, ValueError: the code or the token isn't good.
        """
        found = self.described()
        token = self.client(back).fetch_token(
            found["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=going.verifier,
            timeout=PATIENCE,
        )
        keys = requests.get(found["jwks_uri"], timeout=PATIENCE)
        keys.raise_for_status()
        return verified(
            token["id_token"],
            keys.json(),
            issuer=found["issuer"],
            client_id=self.asked.client_id,
            nonce=going.nonce,
        )

    def username(self, claims: dict[str, Any]) -> str:
        """The user name that the claims give.

        Raises:
            NotAllowed: none, or an address that the provider hasn't verified.
        """
        name = claims.get(self.asked.claim)
        provider = self.asked.label
        if not isinstance(name, str) or not name.strip():
            raise NotAllowed(Reason(NAMELESS, provider=provider, claim=self.asked.claim))
        vouched = self.asked.unverified or claims.get("email_verified") is True
        if self.asked.claim == "email" and not vouched:
            raise NotAllowed(Reason(UNVERIFIED, provider=provider, username=name))
        return name.strip()


class OidcDoor(Door):
    """What going there and coming back share."""

    @property
    def asked(self) -> Oidc:
        """The provider's settings; these doors are only there where they are."""
        asked = self.settings_.auth.oidc
        if asked is None:
            raise NotAllowed("No OpenID provider is set.")
        return asked

    @property
    def back(self) -> str:
        """Where the provider sends people back to."""
        return self.asked.redirect_uri or f"{self.request.protocol}://{self.request.host}{BACK}"

    def refuse(self, problem: str, status: int = 403) -> None:
        """The sign-in page, with what went wrong."""
        self.set_status(status)
        self.show(
            "login.html",
            problem=problem,
            username="",
            next="",
            passwords=self.settings_.auth.passwords,
            oidc=self.asked.label,
        )


class Start(OidcDoor):
    """To the provider's."""

    async def get(self) -> None:
        """Go there, with what must come back."""
        going = Going.new(inside(self.get_query_argument("next", None)))
        try:
            async with AT_ONCE:
                door = await asyncio.to_thread(Provider(self.asked).door, going, self.back)
        except (requests.RequestException, NotAllowed, KeyError, ValueError):
            log.exception("the OpenID provider %s does not answer", self.asked.issuer)
            self.refuse(self.loc.t(FAILED, provider=self.asked.label), 502)
            return
        self.set_signed_cookie(
            COOKIE, json.dumps(vars(going)), expires_days=MINUTES / 60 / 24, path="/oidc"
        )
        self.redirect(door)


class Callback(OidcDoor):
    """Back from the provider's."""

    async def get(self) -> None:
        """Let in whom the provider vouches for, if they are a user here."""
        kept = self.get_signed_cookie(COOKIE, max_age_days=MINUTES / 60 / 24)
        self.clear_cookie(COOKIE, path="/oidc")  # for one attempt
        going = Going(**json.loads(kept)) if kept else None
        state = self.get_query_argument("state", "")
        code = self.get_query_argument("code", "")
        if going is None or not hmac.compare_digest(state.encode(), going.state.encode()):
            await self._note(STALE)
            self.refuse(self.loc.t(STALE))
            return
        loc, provider = self.loc, Provider(self.asked)
        failed = loc.t(FAILED, provider=self.asked.label)
        if not code:  # denied there, or something went wrong there
            await self._note(f"oidc: {self.get_query_argument('error', '')}")
            self.refuse(failed)
            return
        try:
            async with AT_ONCE:
                claims = await asyncio.to_thread(provider.claims, code, going, self.back)
        except (
            requests.RequestException, NotAllowed, OAuth2Error, JoseError, KeyError, ValueError,
        ) as problem:  # fmt: skip
            log.warning("the OpenID provider's answer was not good", exc_info=True)
            await self._note(f"oidc: {type(problem).__name__}")
            self.refuse(failed)
            return
        try:
            username = provider.username(claims)
        except NotAllowed as refused:
            await self._note(str(refused))
            self.refuse(loc.say(refused.args[0]))
            return
        try:
            token = await asyncio.to_thread(self._admit, username, claims)
        except NotAllowed as refused:
            self.refuse(loc.say(refused.args[0]))
            return
        except OperationalError:  # a load holds the store for long
            log.warning("a sign-in could not be written", exc_info=True)
            self.refuse(loc.t("Un chargement est en cours. Réessayez dans un instant."), 503)
            return
        await self.let_in(token)
        self.redirect(going.next)

    def _admit(self, username: str, claims: dict[str, Any]) -> str:
        return signins.admit(
            self.provider.engine,
            username,
            how=self.asked.label,
            issuer=claims["iss"],
            subject=claims["sub"],
            address=self.address,
            limits=self.settings_.auth.limits,
        )

    async def _note(self, detail: str) -> None:
        """Write it down, not as an error of a name: any page can send a browser here."""
        try:
            await asyncio.to_thread(
                access_log.forbidden, self.provider.engine, "", detail, address=self.address
            )
        except OperationalError:  # a load holds the store for long
            log.warning("a refusal could not be written: %s", detail, exc_info=True)


DOORS: list[tuple[str, type[Door]]] = [(START, Start), (BACK, Callback)]
