"""A company of which every text is hostile: nothing of it runs, and nobody sees what isn't theirs.

Each page is opened as each role, its figures hovered, its rows opened; what is FOREIGN never comes
over the wire to those who see a part, and no payload ever runs, whoever looks.
"""

from __future__ import annotations

import urllib.parse

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, drawn, serving
from tests.notebooks.here import FOLDER, report
from tests.notebooks.test_notebooks import NAMES
from tests.planted import FOREIGN, OURS, PASSWORD, PAYLOADS, TODAY, plant
from tests.store.test_scope_walk import inside
from workbench.exports import runs
from workbench.exports.report_page import standalone
from workbench.exports.reports import Reports
from workbench.settings import Auth, Settings
from workbench.store import access, connect, create, groups
from workbench.store.sight import sight

PAGES = (
    "overview", "accounts", "funnel", "pipeline", "activity", "revenue", "qualify", "reports",
    "data", "admin",
)  # fmt: skip
SCRIPT = '<script>window.__ran=1</script>"><img src=x onerror=window.__ran=1>'
COMPANY = "<b onclick=window.__ran=1>Sarl</b>"
DRAWN = """() => document.readyState === 'complete'
    && [...document.querySelectorAll('.figure')].every((one) => one.querySelector('svg'))"""
RAN = """() => {
    const links = [];
    const walk = (root) => {
        for (const one of root.querySelectorAll('*')) {
            const to = one.getAttribute('href') || one.getAttribute('src') || '';
            if (/^\\s*javascript:/i.test(to)) links.push(to);
            for (const name of one.getAttributeNames())
                if (/^on/.test(name) && /__ran/.test(one.getAttribute(name))) links.push(name);
            if (one.shadowRoot) walk(one.shadowRoot);
        }
    };
    walk(document);
    return {ran: window.__ran, links};
}"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory, notebooks):
    """A server on the hostile company: its address, the ids, its store and settings."""
    folder = tmp_path_factory.mktemp("planted")
    url = f"sqlite:///{folder / 'store.db'}"
    engine = create(url)
    ids = plant(engine)
    settings = Settings(
        database=url, notebooks=notebooks, today=TODAY, auth=Auth(secret_file=folder / "secret")
    )
    config = folder / "workbench.toml"
    config.write_text(
        f'today = 2026-09-30\ndatabase = "{url}"\nnotebooks = "{notebooks}"\n'
        f"[company]\nname = '{COMPANY}'\n[auth]\nsecret_file = \"secret\"\n",
        encoding="utf-8",
    )
    with serving(config) as address:
        yield address, ids, settings
    engine.dispose()


@pytest.fixture
def visit(chromium, planted):
    """`visit("rep")`: a signed-in page, what its sockets received, and what must not happen."""
    address = planted[0]
    opened, troubles = [], []

    def open_(username):
        context = chromium.new_context(viewport=DESK, accept_downloads=True)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        received: list[str] = []

        def keep(payload):
            received.append(payload if isinstance(payload, str) else payload.decode("latin-1"))

        def asked(request):
            ours = (address, address.replace("http", "ws"), "data:", "blob:")
            if not request.url.startswith(ours):
                troubles.append(f"asked {request.url}")
            if request.url.endswith("/x"):
                troubles.append(f"an image ran: {request.url}")

        page.on("request", asked)
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on("websocket", lambda socket: socket.on("framereceived", keep))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{address}/overview")
        page.fill("#username", username)
        page.fill("#password", PASSWORD)
        page.click("button")
        drawn(page)
        return page, received

    yield open_
    for context in opened:
        context.close()
    assert not troubles, troubles


def harmless(page):
    found = page.evaluate(RAN)
    assert found["ran"] is None, page.url
    assert found["links"] == [], page.url


def look_about(page):
    """Scroll through a page, hover the marks of its figures, open the first rows behind a card."""
    page.locator(".main-content").evaluate(
        """async (s) => {
            for (let y = 0; y < s.scrollHeight; y += 700) {
                s.scrollTo(0, y); await new Promise(r => setTimeout(r, 150));
            }
        }"""
    )
    page.wait_for_timeout(400)
    for figure in page.locator(".nsewdrag").all():
        box = figure.bounding_box()
        if box is None:
            continue
        figure.scroll_into_view_if_needed()
        box = figure.bounding_box() or box
        for part in (0.1, 0.3, 0.6):
            page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] * 0.5)
            page.wait_for_timeout(60)
    harmless(page)


def test_no_text_runs_on_any_page(visit, planted):
    page, received = visit("admin")
    for name in PAGES:
        received.clear()
        page.goto(f"{planted[0]}/{name}")
        drawn(page)
        look_about(page)
        if name in {"overview", "pipeline", "data"}:
            card = page.locator(".card.number").first
            card.scroll_into_view_if_needed()
            card.click(position={"x": 20, "y": 40})
            page.wait_for_timeout(900)
            harmless(page)
        assert any(FOREIGN in one for one in received) or name in {"reports", "admin"}, name


def test_no_text_runs_on_a_sheet_nor_in_its_form(visit, planted):
    page, received = visit("director")
    page.goto(f"{planted[0]}/account?id={planted[1]['FOREIGN account']}")
    drawn(page)
    look_about(page)
    page.get_by_role("button", name="Modifier").click()
    page.wait_for_timeout(500)
    harmless(page)
    assert any(FOREIGN in one for one in received)


def test_nothing_of_the_address_runs(visit, planted):
    page, _ = visit("admin")
    odd = urllib.parse.quote(SCRIPT)
    for query in (
        f"overview?team={odd}&rep={odd}&segment={odd}&pipeline={odd}&as_of={odd}&period={odd}",
        f"account?id={odd}",
        f"pipeline?by={odd}",
        f"reports?report={odd}&run={odd}",
        f"report/{odd}/page",
        odd,
    ):
        page.goto(f"{planted[0]}/{query}")
        page.wait_for_timeout(500)
        harmless(page)


def test_the_sign_in_page_runs_nothing_either(chromium, planted):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(
        f"{planted[0]}/login?next={urllib.parse.quote('javascript:window.__ran=1')}&error=<b>"
    )
    page.fill("#username", SCRIPT)
    page.fill("#password", SCRIPT)
    page.click("button")
    expect(page.locator("#username")).to_have_value(SCRIPT)
    harmless(page)
    context.close()


def test_what_is_others_never_comes_over_the_wire(visit, planted):
    """To a rep; what is sent to others who see a part is walked in `dashboards/test_scope`."""
    address, ids, _ = planted
    page, received = visit("rep")
    sheet = f"account?id={ids['FOREIGN account']}"
    widened = f"accounts?reps={ids['R3']}&rep={ids['R3']}&team={ids['N']}"
    for name in (*PAGES, sheet, widened):
        answer = page.goto(f"{address}/{name}")
        received.append(answer.text() if answer else "")
        if name != "admin":
            drawn(page)
        page.wait_for_timeout(300)
        text = "\n".join(received)
        at = text.find(FOREIGN)
        assert at < 0, f"a rep is sent {text[max(at - 300, 0) : at + 60]!r} by {name}"
        received.clear()
    book = page.request.get(f"{address}/workbook?reps={ids['R3']}")
    assert book.status == 200
    assert FOREIGN not in inside(book.body())


def test_what_is_no_longer_shared_leaves_an_open_page(visit, planted):
    address, ids, settings = planted
    engine = connect(settings.database)
    director = access.viewer(engine, "director")
    groups.make(engine, "Shared", director)
    groups.put(engine, "Shared", [str(ids["OURS account"])], director)
    groups.share(engine, "Shared", director, user="partner")
    page, _ = visit("partner")
    page.goto(f"{address}/accounts")
    drawn(page)
    expect(page.locator("body")).to_contain_text(OURS)
    groups.share(engine, "Shared", director, user="partner", withdraw=True)
    expect(page.locator("body")).not_to_contain_text(OURS)
    drawn(page)


def test_no_report_runs_anything_and_each_is_its_readers_alone(
    visit, planted, tmp_path, monkeypatch
):
    address, _, settings = planted
    made = {name: report(name, settings.database, "director", TODAY, monkeypatch) for name in NAMES}
    engine, root = connect(settings.database), Reports.of(settings).root
    kept = runs.create(
        root, notebook="revenue", path=FOLDER / "revenue.ipynb", title="", parameters={},
        viewer="director", language="fr",
        sight=sight(engine, access.viewer(engine, "director"), TODAY).plain(),
    )  # fmt: skip
    runs.keep(kept)
    kept.html.write_text(made["revenue"], "utf-8")
    page, _ = visit("director")
    page.goto(f"{address}/report/{kept.id}/page")
    page.wait_for_function(DRAWN)
    harmless(page)
    alone = page.context.browser.new_page()
    for name, html in made.items():
        path = tmp_path / f"{name}.html"
        path.write_text(standalone(html), "utf-8")
        alone.goto(f"file://{path}")
        alone.wait_for_function(DRAWN)
        harmless(alone)
    alone.close()
    other, _ = visit("rep")
    assert other.request.get(f"{address}/report/{kept.id}/page").status == 404


def test_the_check_can_fail(chromium):
    page = chromium.new_page()
    page.set_content(f"<div>{PAYLOADS[0]}</div><a href='{PAYLOADS[4]}'>x</a>")
    page.wait_for_timeout(300)
    assert page.evaluate(RAN)["ran"] == 1
    assert page.evaluate(RAN)["links"]
    page.close()
