"""``siaga check``: whether the configuration is right, with every mistake at its place."""

from __future__ import annotations

from siaga.cli.options import ConfigOption


def check(config: ConfigOption = None) -> int:
    """Check the configuration and point at every mistake in it."""
    from siaga.cli import say
    from siaga.cli.configured import required

    found = required(config, strict=True)
    for warning in found.warnings:
        say.err(f"{warning} (warning)")
    warned = f", {len(found.warnings)} warning{'s' * (len(found.warnings) != 1)}" if found.warnings else ""
    say.out(f"OK: {found.path} ({len(found.probes)} probe{'s' * (len(found.probes) != 1)}{warned})")
    return 0
