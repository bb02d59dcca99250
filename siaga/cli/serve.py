"""``siaga serve``: the service that tests day and night, until it is told to stop."""

from __future__ import annotations

from siaga.cli.options import ConfigOption, VerboseOption


def serve(config: ConfigOption = None, verbose: VerboseOption = 0) -> int:
    """Test every probe at its time, day and night, until SIGTERM.

    SIGHUP reads the configuration again. Exit code 78 for a wrong configuration, 3 when the database cannot be opened.
    """
    import asyncio
    import faulthandler

    from siaga.cli.configured import required
    from siaga.cli.exits import Exit, Stop
    from siaga.cli.logs import configure
    from siaga.config import ConfigError
    from siaga.parts import SecretMissingError

    configure(verbose + 1)
    found = required(config, strict=True)
    faulthandler.enable()  # a watchdog that ran out ends us by SIGABRT: every thread then says where it stood
    from siaga.service import serve as run
    from storage.database import DatabaseError

    try:
        well = asyncio.run(run(found))
    except (ConfigError, SecretMissingError) as error:
        raise Stop(Exit.CONFIG, str(error)) from error
    except DatabaseError as error:
        raise Stop(Exit.OUR_FAULT, str(error)) from error
    return Exit.DONE if well else Exit.OUR_FAULT
