"""Projects, the duration of a deal, and values that a source and somebody here both changed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("opportunity") as batch_op:
        batch_op.add_column(sa.Column("duration_months", ID, nullable=True))
    with op.batch_alter_table("load") as batch_op:
        batch_op.add_column(sa.Column("undone_by", sa.String(), nullable=True))
    op.create_table(
        "project",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("opportunity_id", ID, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.Numeric(14, 2), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_project_account_id")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunity.id"], name=op.f("fk_project_opportunity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("source", "code", name=op.f("uq_project_source_code")),
    )
    with op.batch_alter_table("project") as batch_op:
        batch_op.create_index(batch_op.f("ix_project_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_project_opportunity_id"), ["opportunity_id"], unique=False
        )
    op.create_table(
        "source_conflict",
        sa.Column("id", ID, nullable=False),
        sa.Column("load_batch", sa.String(), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("theirs", sa.String(), nullable=True),
        sa.Column("ours", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("kept", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_conflict")),
    )
    with op.batch_alter_table("source_conflict") as batch_op:
        batch_op.create_index(
            "ix_source_conflict_record", ["entity", "record_id", "field"], unique=False
        )
