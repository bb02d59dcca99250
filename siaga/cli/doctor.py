"""``siaga doctor``: what is missing on this machine, and how to get it."""

from __future__ import annotations

from siaga.cli.options import ConfigOption, JsonOption


def doctor(config: ConfigOption = None, as_json: JsonOption = False) -> int:
    """Tell what is missing on this machine, and how to get it.

    Exit code 1 when something is.
    """
    from pathlib import Path

    from probe.words import printable, word
    from siaga.cli import say
    from siaga.cli.doctor_checks import State, examine
    from siaga.config import ConfigError, default, find, load

    found, wrong = find(config), None
    try:
        settings = load(found) if found else default(Path.cwd())
    except ConfigError as error:
        settings, wrong = default(Path.cwd()), error
    language = settings.general.language
    findings = examine(settings, found, wrong)
    bad = sum(f.state is State.WRONG for f in findings)
    if as_json:
        say.out_json({"found": bad, "checks": [f.to_json(language) for f in findings]})
        return int(bad > 0)
    for finding in findings:
        state = word(f"doctor.{finding.state}", language)
        say.out(f"[{state:^7}] {printable(finding.text(language))}")
        if fix := finding.fix_text(language):
            say.out(f"{'':10}→ {printable(fix)}")
    end = word("doctor.found", language, count=bad) if bad else word("doctor.all_good", language)
    say.out(end)
    return int(bad > 0)
