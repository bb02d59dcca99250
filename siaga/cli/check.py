"""``siaga check``: whether the configuration is right, with every mistake at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siaga.cli.options import ConfigOption

if TYPE_CHECKING:
    from siaga.config import Config


def check(config: ConfigOption = None) -> int:
    """Check the configuration and point at every mistake in it."""
    from siaga.cli import say
    from siaga.cli.configured import required

    found = required(config, strict=True)
    useless_recordings(found)
    warnings = [*found.warnings, *odd_recordings(found)]
    for warning in warnings:
        say.err(f"{warning} (warning)")
    warned = f", {len(warnings)} warning{'s' * (len(warnings) != 1)}" if warnings else ""
    say.out(f"OK: {found.path} ({len(found.probes)} probe{'s' * (len(found.probes) != 1)}{warned})")
    return 0


def useless_recordings(config: Config) -> None:
    """Raise Stop 78 with a sentence for each recording that no probe could ever recognise."""
    from siaga.cli.exits import Exit, Stop
    from siaga.recordings import useless

    wrong = {said: None for probe in config.probes for said in useless(config.prompts_of(probe), probe.script)}
    if wrong:
        raise Stop(Exit.CONFIG, "\n".join(wrong))


def odd_recordings(config: Config) -> list[str]:
    """A sentence for each recording that is silent, known twice, easily mistaken for another or out of date."""
    from siaga.recordings import odd

    folders = dict.fromkeys(config.prompts_of(probe) for probe in config.probes)
    return [said for folder in folders for said in odd(folder)]
