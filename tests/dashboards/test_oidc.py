"""ID tokens: only those of the issuer, for this client, for this one sign-in, and not too old."""

from __future__ import annotations

import time

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from dashboards.login import oidc
from dashboards.login.oidc import verified
from workbench.errors import NotAllowed
from workbench.settings import Oidc

THEIRS, ANOTHER = (RSAKey.generate_key(2048, {"kid": "one"}) for _ in range(2))
KEYS = KeySet([THEIRS]).as_dict(private=False)
ASKED = {"issuer": "https://id.example", "client_id": "workbench", "nonce": "n-1"}
CLAIMS = {
    "iss": "https://id.example",
    "aud": "workbench",
    "sub": "7",
    "nonce": "n-1",
    "exp": 300,  # seconds from when the token is made
    "preferred_username": "claire",
}


def token(key=THEIRS, algorithm="RS256", **changes):
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    if "exp" in claims:
        claims["exp"] += int(time.time())
    return jwt.encode({"alg": algorithm, "kid": "one"}, claims, key, algorithms=[algorithm])


def test_a_good_token_gives_its_claims():
    assert verified(token(), KEYS, **ASKED)["preferred_username"] == "claire"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"azp": "another"},
        {"nonce": "n-2"},
        {"nonce": None},
        {"exp": -300},
        {"exp": None},
        {"sub": None},
    ],
    ids=["issuer", "audience", "party", "nonce", "no nonce", "expired", "no expiry", "nobody"],
)
def test_a_token_for_something_else_is_refused(changes):
    with pytest.raises(JoseError):
        verified(token(**changes), KEYS, **ASKED)


def test_only_the_issuers_key_signs():
    for forged in (
        token(ANOTHER),
        token(OctKey.generate_key(256), "HS256"),
        token()[:-8] + "AAAAAAAA",
        token().rsplit(".", 1)[0] + ".",
    ):
        with pytest.raises((JoseError, ValueError)):
            verified(forged, KEYS, **ASKED)


@pytest.mark.parametrize(
    ("claim", "claims", "why"),
    [
        ("email", {"email": "a@b.example", "email_verified": False}, "n’a pas vérifié"),
        ("email", {"email": "a@b.example", "email_verified": "false"}, "n’a pas vérifié"),
        ("email", {"email": "a@b.example"}, "n’a pas vérifié"),
        ("email", {}, "n’a pas dit votre nom"),
        ("preferred_username", {"preferred_username": "  "}, "n’a pas dit votre nom"),
    ],
)
def test_a_name_must_be_told_and_an_address_verified(claim, claims, why):
    asked = Oidc(issuer="https://id.example", client_id="workbench", claim=claim)
    with pytest.raises(NotAllowed, match=why):
        oidc.Provider(asked).username(claims)


def test_an_address_counts_unverified_only_where_that_is_set():
    asked = Oidc(issuer="https://id.example", client_id="workbench", claim="email")
    told = {"email": "a@b.example", "email_verified": True}
    assert oidc.Provider(asked).username(told) == "a@b.example"
    set_ = asked.model_copy(update={"unverified": True})
    assert oidc.Provider(set_).username({"email": "a@b.example"}) == "a@b.example"


def test_a_provider_is_asked_over_https_alone():
    with pytest.raises(ValueError, match="https://"):
        Oidc(issuer="http://id.example", client_id="workbench")
    assert Oidc(issuer="http://localhost:9400/", client_id="x").issuer == "http://localhost:9400"
