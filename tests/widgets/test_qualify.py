import ipywidgets as widgets
import polars as pl
import pytest

import workbench
from tests.store.company import TODAY
from workbench.errors import MissingColumns, NotAllowed, SettingsError, UnknownName
from workbench.locale import EN
from workbench.metrics import quality
from workbench.store.journal import State
from workbench.widgets import Qualify, qualify


def _cell(editor, name, field):
    """The widget of a field of the account of that name."""
    width = len(editor.fields) + 1
    cells = editor.grid.children
    for row in range(width, len(cells), width):
        if cells[row].value == name:
            return cells[row + 1 + editor.fields.index(field)]
    raise AssertionError(name)


def _said(editor):
    return " ".join(
        child.value
        for line in editor.said.children
        for child in (line.children if isinstance(line, widgets.HBox) else (line,))
        if isinstance(child, widgets.HTML)
    )


def test_an_edit_is_counted_checked_and_saved(opened):
    editor = Qualify(opened().table("accounts"), viewer="ana")
    assert editor.saved.disabled
    _cell(editor, "Gamma", "need").value = "expressed"
    _cell(editor, "Gamma", "budget").value = "12 500,50 €"
    assert "2 modifications" in editor.count.value
    assert {one.state for one in editor.check()} == {State.SAVED}
    assert opened().table("accounts").set_index("name").loc["Gamma", "need"] != "expressed"
    editor.saved.click()
    row = opened().table("accounts").set_index("name").loc["Gamma"]
    assert (row["need"], row["budget"]) == ("expressed", 12500.5)
    change = opened().table("changes").iloc[-1]
    assert (change["user"], change["surface"]) == ("ana", "notebook")
    assert "0 modification" in editor.count.value
    _cell(editor, "Gamma", "need").value = "none"
    assert [one.state for one in editor.save()] == [State.SAVED]


def test_a_forbidden_transition_is_refused_with_its_reason_and_stays_pending(opened):
    editor = Qualify(opened().table("accounts"), viewer="ana")
    _cell(editor, "Alpha", "status").value = "suspect"
    [outcome] = editor.save()
    assert outcome.state is State.REFUSED
    assert "Alpha · Statut" in _said(editor)
    assert "1 modification" in editor.count.value
    editor.dropped.click()
    assert _cell(editor, "Alpha", "status").value == "client"


def test_a_conflict_shows_both_values_and_is_settled(opened):
    first = Qualify(opened().table("accounts"), viewer="ana")
    second = Qualify(opened().table("accounts"), viewer="max")
    _cell(first, "Alpha", "segment").value = "moyen"
    first.save()
    _cell(second, "Alpha", "segment").value = "géant"
    [conflict] = second.save()
    assert conflict.state is State.CONFLICT
    assert "moyen" in _said(second)
    assert "géant" in _said(second)
    mine = second.said.children[0].children[1]
    mine.click()
    assert [one.state for one in second.save()] == [State.SAVED]
    assert opened().table("accounts").set_index("name").loc["Alpha", "segment"] == "géant"


def test_what_others_saved_in_a_field_is_met_however_often_one_saves(opened):
    mine = Qualify(opened().table("accounts"), viewer="ana")
    _cell(mine, "Alpha", "segment").value = "géant"
    _cell(mine, "Alpha", "need").value = "latent"
    theirs = Qualify(opened().table("accounts"), viewer="max")
    _cell(theirs, "Alpha", "segment").value = "moyen"
    theirs.save()
    assert [one.state for one in mine.save()] == [State.CONFLICT, State.SAVED]
    mine.saved.click()
    assert [one.state for one in mine.told] == [State.CONFLICT]
    assert opened().table("accounts").set_index("name").loc["Alpha", "segment"] == "moyen"


def test_settling_one_conflict_leaves_the_others_to_settle(opened):
    mine = Qualify(opened().table("accounts"), viewer="ana")
    theirs = Qualify(opened().table("accounts"), viewer="max")
    for editor, segment, need in ((theirs, "moyen", "latent"), (mine, "géant", "expressed")):
        _cell(editor, "Alpha", "segment").value = segment
        _cell(editor, "Alpha", "need").value = need
        editor.save()
    first, second = mine.said.children
    assert "moyen" in first.children[0].value
    first.children[1].click()  # keep mine
    [left] = mine.said.children
    assert left.children[0].value == second.children[0].value
    assert [one.state for one in mine.save()] == [State.SAVED, State.CONFLICT]
    row = opened().table("accounts").set_index("name").loc["Alpha"]
    assert (row["segment"], row["need"]) == ("géant", "latent")
    mine.said.children[1].children[2].click()  # take theirs
    assert _cell(mine, "Alpha", "need").value == "latent"
    assert [child.value for child in mine.said.children] == [mine.said.children[0].value]
    assert "0 modification" in mine.count.value


def test_another_s_account_can_not_be_saved(opened):
    editor = Qualify(opened().table("accounts"), viewer="max")
    _cell(editor, "Gamma", "need").value = "latent"
    assert [one.state for one in editor.save()] == [State.FORBIDDEN]


def test_a_reader_is_whoever_the_data_were_opened_for(opened):
    editor = Qualify(opened("max").table("accounts"), viewer="ana")
    assert editor.viewer.username == "max"
    with pytest.raises(AssertionError, match="Gamma"):
        _cell(editor, "Gamma", "need")


def test_nobody_saves_as_nobody(opened, monkeypatch):
    monkeypatch.delenv("WORKBENCH_USER", raising=False)
    editor = Qualify(opened().table("accounts"), loc=EN)
    _cell(editor, "Gamma", "need").value = "latent"
    assert editor.saved.disabled
    assert "Say who you are" in _said(editor)
    with pytest.raises(NotAllowed):
        editor.save()
    monkeypatch.setenv("WORKBENCH_USER", "ana")
    assert Qualify(opened().table("accounts")).viewer.username == "ana"


def test_a_number_that_is_none_is_said(opened):
    editor = Qualify(opened().table("accounts"), viewer="ana")
    _cell(editor, "Gamma", "budget").value = "beaucoup"
    assert "« beaucoup » n’est pas un nombre" in _said(editor)
    assert editor.saved.disabled


def test_a_number_typed_before_what_is_none_is_not_saved(opened):
    editor = Qualify(opened().table("accounts"), viewer="ana")
    cell = _cell(editor, "Gamma", "budget")
    for typed in ("abc", "nan", "1e999"):
        cell.value = "100"
        assert "1 modification" in editor.count.value
        cell.value = typed
        assert f"« {typed} » n’est pas un nombre" in _said(editor)
        assert editor.saved.disabled
        assert editor.save() == []


def test_a_metric_s_result_says_which_records_to_edit(opened):
    gaps = quality.qualification_gaps.of(opened("max"), status="client")
    editor = Qualify(gaps)
    assert "segment" in editor.fields  # none of the metric's columns
    assert editor.viewer.username == "max"
    _cell(editor, "Alpha", "need").value = "latent"
    assert [one.state for one in editor.save()] == [State.SAVED]
    row = opened().table("accounts").set_index("name").loc["Alpha"]
    assert row["need"] == "latent"


def test_records_that_can_not_be_shown_are_counted(company, opened):
    _, ids = company
    frame = opened().table("accounts")[["id", "need"]]
    editor = Qualify(frame, data=opened("max"))
    assert editor.pending.ids == [ids.accounts[code] for code in ("A1", "A2", "A3")]
    assert "1 fiche n’est pas l’une des vôtres" in _said(editor)


def test_a_frame_that_says_nothing_is_of_the_settings_store(company, opened, monkeypatch):
    url, ids = company
    monkeypatch.setenv("WORKBENCH_DATABASE", url)
    monkeypatch.setenv("WORKBENCH_TODAY", str(TODAY))
    monkeypatch.setenv("WORKBENCH_USER", "ana")
    frame = pl.DataFrame({"id": [ids.accounts["A4"]], "segment": [None]})
    editor = Qualify(frame, entity="account")
    assert _cell(editor, "Gamma", "segment").value == "petit"  # as it stands in the store
    _cell(editor, "Gamma", "segment").value = "gros"
    assert [one.state for one in editor.save()] == [State.SAVED]


def test_a_frame_that_says_nothing_and_no_store_is_told_what_to_give(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_DATABASE", f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(SettingsError, match=r"Qualify\(frame, data=workbench.open"):
        Qualify(pl.DataFrame({"id": [1], "need": ["latent"]}))


def test_what_held_once_can_not_be_corrected(company, opened):
    past = workbench.open(company[0], as_of="2026-03-01", today=TODAY)
    known = workbench.open(company[0], known_at="2099-01-01", today=TODAY)
    for data in (past, known):
        with pytest.raises(SettingsError, match="what holds today"):
            Qualify(data.table("accounts"))
        with pytest.raises(SettingsError, match="what holds today"):
            Qualify(data.table("accounts"), data=opened())
        with pytest.raises(SettingsError, match="what holds today"):
            opened().propose(data.table("accounts"))


def test_what_can_not_be_edited_is_said(opened):
    with pytest.raises(UnknownName, match="account, contact, opportunity"):
        Qualify(opened().table("accounts"), entity="document")
    with pytest.raises(MissingColumns, match="'id'"):
        Qualify(opened().table("accounts")[["name"]])


def test_deals_are_told_by_their_columns(opened):
    editor = Qualify(opened().table("opportunities"), viewer="ana")
    assert editor.entity == "opportunity"
    assert editor.fields == ["stage_id", "amount", "close_date", "probability", "loss_reason"]
    _cell(editor, "Toiture", "amount").value = "1200"
    assert [one.state for one in editor.save()] == [State.SAVED]


def test_pages_turn_and_keep_what_is_pending(opened, monkeypatch):
    monkeypatch.setattr(qualify, "ROWS", 3)
    editor = Qualify(opened().table("accounts"), viewer="ana")
    assert editor.place.value == "1 à 3 sur 4"
    assert editor.back.disabled
    _cell(editor, "Beta", "need").value = "latent"
    editor.forth.click()
    assert editor.place.value == "4 à 4 sur 4"
    editor.back.click()
    assert _cell(editor, "Beta", "need").value == "latent"


def test_a_frame_of_before_is_shown_as_it_was_and_meets_what_was_saved_since(opened):
    before = opened().table("accounts")[["id", "version", "need"]]
    other = Qualify(opened().table("accounts"), viewer="max")
    _cell(other, "Alpha", "segment").value = "moyen"
    other.save()
    editor = Qualify(before, data=opened(), viewer="ana")
    assert _cell(editor, "Alpha", "segment").value == "gros"
    _cell(editor, "Alpha", "segment").value = "géant"
    assert [one.state for one in editor.save()] == [State.CONFLICT]


def test_an_empty_selection_says_so(opened):
    editor = Qualify(opened().table("accounts").iloc[:0], viewer="ana")
    assert "Rien à corriger" in editor.place.value
    assert editor.grid.children == ()
