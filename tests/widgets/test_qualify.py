import ipywidgets as widgets
import pytest

from workbench.errors import NotAllowed
from workbench.locale import EN
from workbench.store.journal import State
from workbench.widgets import Qualify


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
    editor = Qualify(opened(), viewer="ana")
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
    editor = Qualify(opened(), viewer="ana")
    _cell(editor, "Alpha", "status").value = "suspect"
    [outcome] = editor.save()
    assert outcome.state is State.REFUSED
    assert "Alpha · Statut" in _said(editor)
    assert "1 modification" in editor.count.value
    editor.dropped.click()
    assert _cell(editor, "Alpha", "status").value == "client"


def test_a_conflict_shows_both_values_and_is_settled(opened):
    first, second = Qualify(opened(), viewer="ana"), Qualify(opened(), viewer="max")
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


def test_another_s_account_can_not_be_saved(opened):
    editor = Qualify(opened(), opened().table("accounts"), viewer="max")
    _cell(editor, "Gamma", "need").value = "latent"
    assert [one.state for one in editor.save()] == [State.FORBIDDEN]


def test_a_reader_is_whoever_the_data_were_opened_for(opened):
    editor = Qualify(opened("max"), viewer="ana")
    assert editor.viewer.username == "max"
    with pytest.raises(AssertionError, match="Gamma"):
        _cell(editor, "Gamma", "need")


def test_nobody_saves_as_nobody(opened, monkeypatch):
    monkeypatch.delenv("WORKBENCH_USER", raising=False)
    editor = Qualify(opened(), loc=EN)
    _cell(editor, "Gamma", "need").value = "latent"
    assert editor.saved.disabled
    assert "Say who you are" in _said(editor)
    with pytest.raises(NotAllowed):
        editor.save()
    monkeypatch.setenv("WORKBENCH_USER", "ana")
    assert Qualify(opened()).viewer.username == "ana"


def test_a_number_that_is_none_is_said(opened):
    editor = Qualify(opened(), viewer="ana")
    _cell(editor, "Gamma", "budget").value = "beaucoup"
    assert "« beaucoup » n’est pas un nombre" in _said(editor)
    assert editor.saved.disabled


def test_deals_are_told_by_their_columns(opened):
    editor = Qualify(opened(), opened().table("opportunities"), viewer="ana")
    assert editor.entity == "opportunity"
    assert editor.fields == ["stage_id", "amount", "close_date", "probability", "loss_reason"]
    _cell(editor, "Toiture", "amount").value = "1200"
    assert [one.state for one in editor.save()] == [State.SAVED]


def test_pages_turn_and_keep_what_is_pending(opened):
    frame = opened().table("accounts")
    many = frame.loc[frame.index.repeat(5)].assign(id=range(100, 120))
    editor = Qualify(opened(), many, viewer="ana")
    assert editor.place.value == "1 à 12 sur 20"
    assert editor.back.disabled
    editor.grid.children[len(editor.fields) + 2].value = "prospect"
    editor.forth.click()
    assert editor.place.value == "13 à 20 sur 20"
    editor.back.click()
    assert editor.grid.children[len(editor.fields) + 2].value == "prospect"


def test_an_empty_selection_says_so(opened):
    editor = Qualify(opened(), opened().table("accounts").iloc[:0], viewer="ana")
    assert "Rien à corriger" in editor.place.value
    assert editor.grid.children == ()
