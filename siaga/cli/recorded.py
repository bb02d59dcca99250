"""From the ``-c`` option to the record, for the verbs that read it or write into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from siaga.cli.configured import required
from siaga.cli.exits import Exit, Stop

if TYPE_CHECKING:
    from probe.words import Language
    from siaga.config import Config
    from storage.database import Database
    from storage.runs import Runs


@dataclass(frozen=True, slots=True)
class Recorded:
    """A configuration and its open record."""

    config: Config
    database: Database

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the centre, in which people read and write times."""
        return ZoneInfo(self.config.timezone)

    @property
    def language(self) -> Language:
        return self.config.general.language

    @property
    def evidence(self) -> Path:
        return self.config.storage.evidence

    def target_of(self, probe: str | None) -> str:
        """Whom a probe contacts, for entries whose detail does not say it; "" for a probe that is gone."""
        known = self.config.probe(probe) if probe else None
        return known.to if known else ""

    def runs(self) -> Runs:
        """The live side of the record, stamped with this version and configuration."""
        from importlib.metadata import version

        from storage.runs import Runs
        from storage.values import Stamp

        return Runs(self.database, Stamp(version=version("siaga"), config=self.config.fingerprint), self.evidence)


@contextmanager
def recorded(explicit: Path | None, *, reading: bool = False) -> Iterator[Recorded]:
    """Open the record of the configuration; ``reading``: one that takes no writes will do.

    Raises Stop 78 or, when it cannot be used or was altered, Stop 3.
    """
    from probe.setting import SecretUnavailableError
    from storage.chain import ChainBrokenError
    from storage.database import Database, DatabaseError
    from storage.rows import AlteredRowError

    config = required(explicit)
    try:
        database = Database(config.storage.database_url(), reading=reading)
    except SecretUnavailableError as error:
        raise Stop(Exit.CONFIG, f"storage.url: {error}") from error
    except DatabaseError as error:
        raise Stop(Exit.OUR_FAULT, str(error)) from error
    try:
        yield Recorded(config, database)
    except (DatabaseError, AlteredRowError, ChainBrokenError) as error:
        raise Stop(Exit.OUR_FAULT, str(error)) from error
    finally:
        database.close()
