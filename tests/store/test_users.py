"""Who may sign in."""

from __future__ import annotations

import pytest

from workbench.errors import NotAllowed, UnknownName
from workbench.store import users
from workbench.vocabulary import Role


def test_sign_in(engine, company):
    viewer = users.sign_in(engine, "rep1", "a long password")
    assert (viewer.role, viewer.rep_id) == (Role.REP, company.reps["R1"])


@pytest.mark.parametrize(("name", "password"), [("rep1", "wrong one"), ("nobody", "whatever!")])
def test_wrong_name_and_wrong_password_are_told_alike(engine, company, name, password):
    with pytest.raises(NotAllowed, match=r"^Unknown user or wrong password\.$"):
        users.sign_in(engine, name, password)


def test_password_is_not_kept(engine, company):
    with engine.connect() as connection:
        held = connection.exec_driver_sql('SELECT password_hash FROM "user"').scalars().all()
    assert all(one.startswith("$argon2id$") for one in held)
    assert len(set(held)) == len(held)


def test_users_are_refused_with_a_reason(engine, company):
    add = lambda **options: users.add_user(  # noqa: E731
        engine, **{"username": "x", "password": "long enough", "name": "X", "role": "rep"} | options
    )
    with pytest.raises(NotAllowed, match="8 characters"):
        add(password="short", role="director")
    with pytest.raises(NotAllowed, match="needs a rep"):
        add()
    with pytest.raises(UnknownName, match="Rep R1"):
        add(rep="R9")
    with pytest.raises(UnknownName, match="director"):
        add(role="king")
    with pytest.raises(NotAllowed, match="already"):
        add(username="boss", role="executive")
