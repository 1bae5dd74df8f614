"""What each load read and in which form, and the currency that money was converted from."""

import json
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CONVERTED = ("opportunity", "document", "contract")


def upgrade() -> None:
    for table in CONVERTED:
        op.add_column(table, sa.Column("currency", sa.String(), nullable=True))
        op.add_column(table, sa.Column("currency_rate", sa.Float(), nullable=True))
    read = op.create_table(
        "loaded_table",
        sa.Column("load_id", ID, nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_loaded_table_load_id")),
        sa.PrimaryKeyConstraint("load_id", "file", name=op.f("pk_loaded_table")),
    )
    rows = op.get_bind().execute(
        sa.text('SELECT load_id, file, MAX("table"), MAX(raw) FROM rejected_row GROUP BY 1, 2')
    )
    op.bulk_insert(read, [_read(*row) for row in rows])


def _read(load_id: int, file: str, entity: str, raw: str) -> dict[str, object]:
    """What was rejected before was kept by column, without the form of its file."""
    ledger = entity == "ledger_entry"
    form = {
        "columns": [] if ledger else list(json.loads(raw)),
        "delimiter": ",",
        "encoding": "utf-8-sig",
        "whole": ledger,
    }
    name = Path(file.rpartition(":")[2]).stem
    return {"load_id": load_id, "file": file, "name": name, "form": json.dumps(form)}
