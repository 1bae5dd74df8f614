from __future__ import annotations

from dashboards.editing.editgrid import Column, EditGrid, Query, Slice


class Editor:
    def fetch(self, query):
        if query.page > 1:
            raise OSError("the store is away")
        assert query == Query(1, 2, (("name", True),), (("name", "x"),))
        return Slice([{"id": 7}], 3)


def test_a_question_is_answered_and_so_is_one_that_fails(monkeypatch, caplog):
    grid, told = EditGrid(Editor(), [Column("name", "Nom")], {}), []
    monkeypatch.setattr(grid, "_send_msg", told.append)
    asked = {"ask": 1, "size": 2, "sort": [["name", True]], "filters": [["name", "x"]]}
    grid._handle_msg({**asked, "page": 1})
    grid._handle_msg({**asked, "ask": 2, "page": 2})
    assert told == [
        {"answer": 1, "rows": [{"id": 7}], "last": 2, "total": 3},
        {"answer": 2, "failed": "the store is away"},
    ]
    assert "the rows of a table" in caplog.text
