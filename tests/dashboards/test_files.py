"""What isn't the asker's isn't there, files and sheets, and it is noted that they asked for it."""

from __future__ import annotations

from pathlib import Path

import panel as pn
import pytest

from dashboards import person_file, report_files
from dashboards.pages import account
from dashboards.pages.reports import Desk
from dashboards.report_files import address
from tests.dashboards.test_doors import Site
from tests.store import company
from tests.store.company import TODAY, fill, who
from workbench.errors import UnknownName
from workbench.exports import runs
from workbench.exports.reports import Reports
from workbench.settings import Auth, Settings
from workbench.store import access_log, groups, signins, users
from workbench.store.sight import sight

PASSWORD = "a long password"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The small company's files, and its ids."""
    folder = tmp_path_factory.mktemp("files")
    settings = Settings(
        database=f"sqlite:///{folder / 'store.db'}",
        today=TODAY,
        auth=Auth(secret_file=folder / "secret"),
    )
    made = Site(settings, report_files, person_file)
    made.settings, made.engine = settings, made.provider.engine
    fill(made.engine)
    yield made
    made.close()


def report(site, username):
    """A report that was made for a user, as it is kept."""
    viewer = who(site.engine, username)
    run = runs.create(
        Reports.of(site.settings).root,
        notebook="funnel",
        path=Path("funnel.ipynb"),
        title="Funnel",
        parameters={},
        viewer=username,
        language="fr",
        sight=sight(site.engine, viewer, TODAY).plain(),
    )
    runs.keep(run)
    run.html.write_text("read me", "utf-8")
    return address(run.id)


def asked(site, username, path):
    token = signins.sign_in(site.engine, username, PASSWORD)
    status, _, body = site.ask(path, Cookie=f"session={token}")
    return status, body == "read me"


def forbidden(site, count):
    """The last so many refusals, as the log tells them: some are written beside the answer."""
    access_log.ASIDE.submit(int).result(10)
    return company.forbidden(site.engine)[-count:]


def test_a_report_is_its_readers_alone(site):
    path = report(site, "rep1")
    name = path.split("/")[2]
    assert asked(site, "rep1", path) == (200, True)
    assert asked(site, "rep3", path) == (404, False)
    assert forbidden(site, 1) == [("rep3", f"report {name}")]
    assert asked(site, "rep3", "/report/none/page") == (404, False)
    assert forbidden(site, 1) == [("rep3", f"report {name}")]


def test_a_report_of_wider_rights_than_its_reader_has_is_not_there(site):
    of = {name: report(site, name) for name in ("director", "manager", "rep1")}
    for username, change, status in (
        ("director", {"role": "manager"}, 404),
        ("director", {"role": "executive"}, 404),  # sees all, but no note of their team's
        ("director", {"role": "director"}, 200),
        ("manager", {"name": "Another"}, 200),
        ("manager", {"role": "rep"}, 404),
        ("rep1", {"role": "manager"}, 200),
    ):
        users.change(site.engine, username, by="boss", **change)
        assert asked(site, username, of[username]) == (status, status == 200), (username, change)
    assert forbidden(site, 1) == [("manager", f"report {of['manager'].split('/')[2]}")]


def test_a_page_that_stands_open_gives_such_a_report_no_longer(site, visit):
    session = visit(site.engine, "rep3", "reports")
    session.settings = site.settings
    desk = Desk(session)
    run = desk.reports.find(report(site, "rep3").split("/")[2], session.viewer)
    assert b"read me" in desk._file(run).getvalue()
    director = who(site.engine, "director")
    groups.make(site.engine, "Clés", director)
    groups.put(site.engine, "Clés", ["A1"], director)
    groups.share(site.engine, "Clés", director, user="rep3")
    wider = desk.reports.find(report(site, "rep3").split("/")[2], session.viewer)
    groups.share(site.engine, "Clés", director, user="rep3", withdraw=True)
    assert desk.reports.runs(session.viewer) == [run]
    with pytest.raises(UnknownName):
        desk._file(wider)


def test_a_person_s_file_is_for_those_who_may_ask(site):
    assert asked(site, "rep1", "/person/1")[0] == 404
    assert asked(site, "rep3", "/person/999")[0] == 404
    assert forbidden(site, 2) == [("rep1", "person 1"), ("rep3", "person 999")]


def test_anothers_sheet_is_told_like_none_and_it_is_noted(site, visit):
    shown = []
    for username, asked in (("rep1", "4"), ("rep1", "999"), ("rep1", "1"), ("director", "999")):
        session = visit(site.engine, username, "account")
        session.query["id"] = asked
        view = account.view(session)
        shown.append([pane.object for pane in view.select(pn.pane.HTML)])
    assert shown[0] == shown[1] == shown[3] != shown[2]
    assert forbidden(site, 2) == [("rep1", "account 4"), ("rep1", "account 999")]
