"""Consents, what was anonymised and is kept out, retention warnings, and who looked at a sheet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table in ("account", "contact"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("anonymised_on", sa.Date(), nullable=True))
    op.create_table(
        "consent",
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("proof", sa.String(), nullable=True),
        sa.Column("noted_by", sa.String(), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_consent_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("source", "code", name=op.f("uq_consent_source_code")),
    )
    op.create_index(op.f("ix_consent_contact_id"), "consent", ["contact_id"])
    op.create_table(
        "kept_out",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("record_id", ID, nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_out")),
        sa.UniqueConstraint("kind", "hash", name=op.f("uq_kept_out_kind_hash")),
    )
    op.create_table(
        "kept_field",
        sa.Column("id", ID, nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_field")),
        sa.UniqueConstraint(
            "entity", "record_id", "field", name=op.f("uq_kept_field_entity_record_id_field")
        ),
    )
    op.create_table(
        "retention_warning",
        sa.Column("id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("warned_on", sa.Date(), nullable=False),
        sa.Column("last_contact", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("warned_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_retention_warning_contact_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_warning")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_retention_warning_contact_id")),
    )
    op.create_table(
        "look",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
        sa.UniqueConstraint(
            "session", "kind", "entity", "record_id",
            name=op.f("uq_look_session_kind_entity_record_id"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_look_at"), "look", ["at"])
    op.create_index("ix_look_record", "look", ["entity", "record_id"])
