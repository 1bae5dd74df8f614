"""The outbox: what was changed here and the source of the record has yet to learn."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("change_id", ID, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_outbox_change_id")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.create_index("ix_outbox_state", ["state"], unique=False)
    # What was changed before there was an outbox waits like the rest.
    for entity in ("rep", "account", "contact", "opportunity"):
        op.execute(
            "INSERT INTO outbox (change_id, source, state) "  # noqa: S608 - our own names
            f"SELECT c.id, r.source, 'waiting' FROM change c JOIN {entity} r ON r.id = c.record_id "
            "LEFT JOIN change u ON u.id = c.undoes "
            f"WHERE c.entity = '{entity}' AND c.op = 'set' AND c.surface <> 'load' "
            "AND r.source <> '' AND (u.id IS NULL OR u.surface <> 'load')"
        )
