"""Which version of the schema a store is of, and which this workbench needs."""

from __future__ import annotations

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from workbench.errors import StoreError
from workbench.store import connect
from workbench.store.engine import MIGRATIONS, NEEDED, version


def test_the_version_needed_is_the_last_migration_s():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == NEEDED


def test_a_store_tells_its_version(engine):
    with engine.connect() as connection:
        assert version(connection) == NEEDED


def test_a_file_in_which_nothing_was_made_is_of_none(tmp_path):
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match=f"of version none, this workbench needs {NEEDED}"):
        connect(f"sqlite:///{tmp_path / 'empty.db'}")
