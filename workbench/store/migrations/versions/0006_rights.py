"""Rights by name, groups of accounts shared with users and teams, confidential notes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table in ("account", "activity"):
        op.add_column(table, sa.Column("confidential_note", sa.String(), nullable=True))
    op.create_table(
        "user_right",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_right_user_id")),
        sa.PrimaryKeyConstraint("user_id", "right", name=op.f("pk_user_right")),
    )
    op.create_table(
        "account_group",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_account_group_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_group")),
        sa.UniqueConstraint("name", name=op.f("uq_account_group_name")),
    )
    op.create_table(
        "account_group_member",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["account_group.id"], name=op.f("fk_account_group_member_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_group_member_account_id")
        ),
        sa.PrimaryKeyConstraint("group_id", "account_id", name=op.f("pk_account_group_member")),
    )
    op.create_table(
        "account_group_share",
        sa.Column("id", ID, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("rep_id", ID, nullable=True),
        sa.Column("writes", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["account_group.id"], name=op.f("fk_account_group_share_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_account_group_share_user_id")
        ),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_account_group_share_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_group_share")),
        sa.UniqueConstraint(
            "group_id",
            "user_id",
            "rep_id",
            name=op.f("uq_account_group_share_group_id_user_id_rep_id"),
        ),
    )
    with op.batch_alter_table("account_group_share") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_account_group_share_group_id"), ["group_id"], unique=False
        )
