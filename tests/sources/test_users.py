from __future__ import annotations

import csv

import pytest

from workbench.errors import NotAllowed, SourceError, UnknownName
from workbench.sources import users
from workbench.store import create
from workbench.store.access import viewer
from workbench.store.signins import sign_in
from workbench.vocabulary import Role

HEAD = "username,password,name,role,rep\n"


@pytest.fixture
def engine(tmp_path):
    return create(f"sqlite:///{tmp_path / 'store.db'}")


def file(tmp_path, text):
    path = tmp_path / "users.csv"
    path.write_text(text, "utf-8")
    return path


def test_users_are_added_once_and_keep_their_password(engine, tmp_path):
    path = file(tmp_path, HEAD + "ana,long enough,Ana Costa,analyst,\n")
    assert [user.name for user in users.load(engine, path)] == ["Ana Costa"]
    path = file(
        tmp_path, HEAD + "ana,another one,Ana Costa,admin,\nben,long enough,Ben,executive,\n"
    )
    assert [user.username for user in users.load(engine, path)] == ["ben"]
    assert sign_in(engine, "ana", "long enough")
    assert viewer(engine, "ana").role is Role.ANALYST


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("username,name\nana,Ana\n", SourceError, "no column password, rep, role. It needs: user"),
        (HEAD + "ana,long enough,Ana,boss,\n", UnknownName, "No role is called 'boss'"),
        (HEAD + "ana,short,Ana,analyst,\n", NotAllowed, "au moins 8 caractères"),
    ],
)
def test_what_does_not_fit_is_named(engine, tmp_path, text, error, message):
    with pytest.raises(error, match=message):
        users.load(engine, file(tmp_path, text))


def test_an_absent_file_is_an_error(engine, tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.csv"):
        users.load(engine, tmp_path / "nowhere.csv")


def test_the_demos_users_are_reps_of_the_demo(demo):
    with (demo / "users.csv").open(encoding="utf-8") as lines:
        logins = list(csv.DictReader(lines))
    with (demo / "reps.csv").open(encoding="utf-8") as lines:
        names = {row["code"]: row["name"] for row in csv.DictReader(lines)}
    assert {row["role"] for row in logins} == set(Role)
    for row in logins:
        if row["rep"]:
            assert row["name"] == names[row["rep"]]
