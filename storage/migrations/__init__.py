"""What a database goes through from version to version (Alembic); run by ``storage.migrate`` at first use."""
