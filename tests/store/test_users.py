"""Who may sign in, and what is changed about them."""

from __future__ import annotations

import json

import pytest

from tests.store.test_sessions import token_of
from workbench.errors import LockedOut, NotAllowed, UnknownName
from workbench.store import access_log, sessions, signins, users
from workbench.store.sessions import Limits
from workbench.vocabulary import Access, Role

LIMITS = Limits()
EVER = access_log.now().replace(year=2020)


def log_of(engine, username):
    frame = access_log.events(engine, EVER)
    return frame[frame["username"] == username].iloc[::-1]


def test_password_is_not_kept(engine, company):
    with engine.connect() as connection:
        held = connection.exec_driver_sql('SELECT password_hash FROM "user"').scalars().all()
    assert all(one.startswith("$argon2id$") for one in held)
    assert len(set(held)) == len(held)


def test_users_are_refused_with_a_reason(engine, company):
    add = lambda **options: users.add_user(  # noqa: E731
        engine, **{"username": "x", "password": "long enough", "name": "X", "role": "rep"} | options
    )
    with pytest.raises(NotAllowed, match="au moins 8 caractères"):
        add(password="short", role="director")
    with pytest.raises(NotAllowed, match="ne peut pas être l’identifiant"):
        add(username="long enough", role="director")
    with pytest.raises(NotAllowed, match="demande un commercial"):
        add()
    with pytest.raises(UnknownName, match="Rep R1"):
        add(rep="R9")
    with pytest.raises(UnknownName, match="director"):
        add(role="king")
    with pytest.raises(NotAllowed, match="déjà pris"):
        add(username="boss", role="executive")
    with pytest.raises(NotAllowed, match="vide"):
        add(username=" ", role="executive")


def test_what_changes_rights_ends_sessions_and_is_logged(engine, company):
    renamed, promoted = token_of(engine, "rep1"), token_of(engine, "rep1")
    assert users.change(engine, "rep1", by="ana", name="Rose") == ["name"]
    assert sessions.find(engine, renamed, LIMITS).viewer.name == "Rose"
    assert users.change(engine, "rep1", by="ana", role="manager", name="Rose") == ["role"]
    assert sessions.find(engine, promoted, LIMITS) is None
    told = log_of(engine, "rep1")
    assert list(told["event"])[-4:] == ["user_changed", "user_changed", "ended", "ended"]
    changed = told[told["event"] == Access.USER_CHANGED]
    assert set(changed["by"]) == {"ana"}
    assert [json.loads(one) for one in changed["detail"]] == [
        {"name": ["rep1", "Rose"]},
        {"role": ["rep", "manager"]},
    ]


def test_whoever_is_put_out_is_out_and_may_come_back(engine, company):
    token = token_of(engine, "rep1")
    users.change(engine, "rep1", by="ana", active=False)
    assert sessions.find(engine, token, LIMITS) is None
    with pytest.raises(NotAllowed):
        signins.sign_in(engine, "rep1", "a long password")
    users.change(engine, "rep1", by="ana", active=True)
    assert sessions.find(engine, token, LIMITS) is None
    assert sessions.find(engine, token_of(engine, "rep1"), LIMITS).viewer.username == "rep1"


def test_the_last_admin_stays(engine, company):
    users.add_user(engine, "ana", "a long password", name="Ana", role="admin")
    with pytest.raises(NotAllowed, match="dernier administrateur"):
        users.change(engine, "ana", by="ana", active=False)
    with pytest.raises(NotAllowed, match="dernier administrateur"):
        users.change(engine, "ana", by="ana", role="analyst")
    users.add_user(engine, "bob", "a long password", name="Bob", role="admin")
    assert users.change(engine, "ana", by="bob", role="analyst") == ["role"]


def test_a_limited_role_needs_a_rep(engine, company):
    with pytest.raises(NotAllowed, match="demande un commercial"):
        users.change(engine, "rep1", by="ana", rep_id=None)
    with pytest.raises(UnknownName, match="No field of a user is called 'password_hash'"):
        users.change(engine, "rep1", by="ana", password_hash="x")
    with pytest.raises(UnknownName, match="No user is called 'rep9'"):
        users.change(engine, "rep9", by="ana", name="x")


def test_a_new_password_ends_the_other_sessions(engine, company):
    here, elsewhere = token_of(engine, "rep1"), token_of(engine, "rep1")
    change = lambda old, new, again=None: users.change_password(  # noqa: E731
        engine, "rep1", old, new, again or new, but=here
    )
    for old, new, again, why in (
        ("a wrong password", "a new password", None, "pas le bon"),
        ("a long password", "a new password", "another", "pas deux fois le même"),
        ("a long password", "a long password", None, "est l’ancien"),
        ("a long password", "short", None, "au moins 8"),
    ):
        with pytest.raises(NotAllowed, match=why):
            change(old, new, again)
    change("a long password", "a new password")
    assert sessions.find(engine, here, LIMITS) is not None
    assert sessions.find(engine, elsewhere, LIMITS) is None
    assert signins.sign_in(engine, "rep1", "a new password")
    with pytest.raises(NotAllowed):
        signins.sign_in(engine, "rep1", "a long password")


def test_guessing_the_old_password_is_locked_out_too(engine, company):
    for _ in range(5):
        with pytest.raises(NotAllowed, match="pas le bon"):
            users.change_password(engine, "rep1", "a guess", "a new password", "a new password")
    with pytest.raises(LockedOut):
        users.change_password(engine, "rep1", "a long password", "a new password", "a new password")


def test_an_admin_sets_a_password(engine, company):
    token = token_of(engine, "rep1")
    users.set_password(engine, "rep1", "a new password", by="ana")
    assert sessions.find(engine, token, LIMITS) is None
    assert signins.sign_in(engine, "rep1", "a new password")
    assert "a new password" not in access_log.events(engine, EVER).to_csv()


def test_who_comes_through_a_provider_alone_has_no_password(engine, company):
    users.add_user(engine, "eve", None, name="Eve", role="analyst")
    for guess in ("", "None", "nobody signs in with this"):
        with pytest.raises(NotAllowed):
            signins.sign_in(engine, "eve", guess)
    token = admitted(engine, "eve", "e-1")
    assert sessions.find(engine, token, LIMITS).viewer.role is Role.ANALYST
    with pytest.raises(NotAllowed, match="« mallory », qui n’a pas d’accès ici"):
        admitted(engine, "mallory", "m-1")
    assert list(log_of(engine, "mallory")["event"]) == ["refused"]


def admitted(engine, username, subject, issuer="https://id.example"):
    return signins.admit(engine, username, how="Keycloak", issuer=issuer, subject=subject)


def test_a_name_is_that_of_whoever_came_first_under_it(engine, company):
    admitted(engine, "rep1", "s-1")
    assert admitted(engine, "rep1", "s-1")
    with pytest.raises(NotAllowed, match="la personne qui est « rep1 » ici"):
        admitted(engine, "rep1", "s-2")  # the name was given anew there
    with pytest.raises(NotAllowed, match="la personne qui est « director » ici"):
        admitted(engine, "director", "s-1")  # rep1 calls themselves so there
    assert admitted(engine, "director", "s-2", "https://other.example")
    assert signins.locked_names(engine) == {}
    assert list(log_of(engine, "director")["event"])[-2:] == ["forbidden", "signed_in"]
    users.forget_identity(engine, "rep1", by="ana")
    assert '{"identity": ["s-1", null]}' in log_of(engine, "rep1")["detail"].tolist()
    assert admitted(engine, "rep1", "s-2")
    assert users.listed(engine).set_index("username")["provider"].to_dict() == {
        "boss": False, "director": True, "manager": False, "rep1": True, "rep3": False,
    }  # fmt: skip
