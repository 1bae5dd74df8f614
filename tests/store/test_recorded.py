"""What was there at a moment: batches whole, from their end on, whoever else reads meanwhile."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy import func, select, update

from tests.store.company import LOADER, TODAY, address, who
from workbench.store import connect, journal
from workbench.store.batch import batch
from workbench.store.engine import writing
from workbench.store.journal import Edit, State
from workbench.store.past import newest_known, past
from workbench.store.schema import Change
from workbench.vocabulary import Surface

ACCOUNTS = "SELECT id, version, name, segment FROM account ORDER BY id"


def rows(engine, query=ACCOUNTS):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def now():
    return dt.datetime.now(dt.UTC)


def test_a_batch_is_not_known_before_its_end(engine):
    """Another connection looks while a load is under way: its report stays as it was."""
    reader = connect(address(engine))
    frame = pd.DataFrame({"code": ["B1", "B2"], "name": ["Bati", "Bois"], "effective": TODAY})
    with batch(engine, LOADER) as opened:
        opened.create("account", frame)
        seen, meanwhile = rows(reader), now()
    ended = now()
    assert [name for _, _, name, _ in seen] == ["Alpha", "Alpha Sud", "Beta", "Gamma"]
    assert rows(past(engine, meanwhile)) == seen
    assert [name for _, _, name, _ in rows(past(engine, ended))][4:] == ["Bati", "Bois"]
    loads = "SELECT count(*) FROM change"
    assert rows(past(engine, meanwhile), loads)[0][0] == rows(past(engine, ended), loads)[0][0] - 2


def test_the_next_batch_follows_the_one_before(engine, company):
    """By numbers and by moments, with another between the beginning and the end of neither."""
    edit(engine, company, "gros")
    between = now()
    edit(engine, company, "moyen")
    told = rows(engine, "SELECT id, recorded_at FROM change ORDER BY id")
    assert [at for _, at in told] == sorted(at for _, at in told)
    with engine.connect() as connection:
        assert newest_known(connection, between) == told[-2][0]
        assert newest_known(connection, now()) == told[-1][0]
        assert newest_known(connection, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) == 0


def edit(engine, company, segment):
    id_ = company.accounts["A3"]
    seen = journal.version(engine, "account", id_)
    (one,) = journal.save(
        engine, [Edit("account", id_, seen, "segment", segment)],
        viewer=who(engine, "director"), surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    assert one.state is State.SAVED


def test_a_clock_put_back_changes_no_order(engine, company):
    """The last change was written by a clock that was ahead."""
    ahead = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    edit(engine, company, "gros")
    with writing(engine) as connection:
        last = connection.scalar(select(func.max(Change.id)))
        connection.execute(update(Change).where(Change.id == last).values(recorded_at=ahead))
    edit(engine, company, "moyen")
    with engine.connect() as connection:
        moments = connection.scalars(select(Change.recorded_at).order_by(Change.id)).all()
        assert newest_known(connection, now()) == last - 1
    assert moments[-2:] == [ahead, ahead]


def test_versions_of_the_past_count_what_was_undone(engine, company):
    edit(engine, company, "gros")
    ((newest,),) = rows(engine, "SELECT max(id) FROM change")
    journal.undo(engine, newest, viewer=who(engine, "director"), surface=Surface.CLI, today=TODAY)
    seen, moment = rows(engine), now()
    edit(engine, company, "moyen")
    assert rows(past(engine, moment)) == seen
