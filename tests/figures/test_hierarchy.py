import pandas as pd

from workbench.figures import hierarchy, palette
from workbench.locale import FR
from workbench.vocabulary import Status


def company(number, parent, root, own, group, members=1, **more):
    return {
        "id": number, "name": f"Société {number}", "status": "client", "parent_id": parent,
        "root_id": root, "members": members, "own_revenue": own, "group_revenue": group,
    } | more  # fmt: skip


FOREST = [
    company(1, None, 1, 100.0, 450.0, members=3),
    company(2, 1, 1, 300.0, 300.0, status="prospect"),
    company(3, 1, 1, 50.0, 50.0, name="<b>SA</b> & fils"),
    company(4, None, 4, 0.0, 40.0, members=2),
    company(5, 4, 4, 40.0, 40.0),
    company(6, None, 6, 5000.0, 5000.0),
    company(7, None, 7, 0.0, 0.0, members=2),
]


def frame(rows):
    made = pd.DataFrame(rows)
    return made.assign(parent_id=made["parent_id"].astype("Int64"))


def test_groups_nest_and_companies_alone_stay_out():
    figure = hierarchy.account_tree(frame(FOREST), loc=FR)
    (blocks,) = figure.data
    assert list(blocks.ids) == ["all", "1", "2", "3", "4", "5"]
    assert list(blocks.parents) == ["", "all", "1", "1", "all", "4"]
    assert list(blocks["values"]) == [0, 100, 300, 50, 0, 40]
    assert blocks.branchvalues == "remainder"
    assert blocks.labels[0] == "3 groupes<br>490\u00a0€"
    assert blocks.labels[3] == "&lt;b&gt;SA&lt;/b&gt; &amp; fils · 50\u00a0€"
    assert blocks.marker.colors[2] == palette.STATUS[Status.PROSPECT]
    assert blocks.hovertext[1] == (
        "<b>Société 1</b><br>Client<br>groupe : 450\u00a0€<br>en propre : 100\u00a0€<br>"
        "91,8\u202f% du total"
    )


def test_groups_beyond_the_largest_are_one_block():
    figure = hierarchy.account_tree(frame(FOREST), loc=FR, roots=1)
    (blocks,) = figure.data
    assert list(blocks.ids) == ["all", "1", "2", "3", "others"]
    assert blocks["values"][-1] == 40
    assert blocks.labels[-1] == "2 autres groupes · 40\u00a0€"


def test_companies_stand_for_themselves_where_there_is_no_group():
    figure = hierarchy.account_tree(frame([FOREST[5]]), loc=FR)
    assert list(figure.data[0].ids) == ["all", "6"]
    assert figure.data[0].labels[0] == "1 compte<br>5,0\u00a0k€"


def test_a_company_whose_credit_notes_outweigh_its_invoices_is_told_below():
    forest = [
        company(1, None, 1, 100.0, 70.0, members=2),
        company(2, 1, 1, -30.0, -30.0),
        company(3, None, 3, -20.0, -20.0),
    ]
    figure = hierarchy.account_tree(frame(forest), loc=FR)
    assert list(figure.data[0].ids) == ["all", "1"]
    assert figure.data[0].labels[0] == "1 groupe<br>70\u00a0€"
    (told,) = figure.layout.annotations
    assert told.text == "Sans surface : 1 compte au montant négatif, −30\u00a0€"
    assert not hierarchy.account_tree(frame(FOREST), loc=FR).layout.annotations
