"""``python -m storage.migrations "what changes"``: drafts the step from the newest revision to today's tables."""

from __future__ import annotations

import sys

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from storage.migrate import FOLDER, HEAD


def main() -> None:
    """Write the draft into ``versions/`` and say where."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "m%%(rev)s_%%(slug)s")
    with create_engine("sqlite://").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
        command.revision(config, sys.argv[1], autogenerate=True, rev_id=f"{int(HEAD) + 1:04}")


main()
