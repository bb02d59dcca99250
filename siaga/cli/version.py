"""``siaga version``: which siaga, which Python, which libraries carry the calls."""

from __future__ import annotations

from siaga.cli.options import JsonOption

LIBRARIES = ("pjsua2-python", "onnxruntime", "silero-vad", "pydantic", "numpy", "espeakng-loader", "holidays")
"""Libraries whose version changes what a call does, how it is judged or when it is due."""


def version(as_json: JsonOption = False) -> int:
    """Print the version of siaga and of what it stands on."""
    import platform
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as of

    from siaga.cli import say

    def installed(name: str) -> str | None:
        try:
            return of(name)
        except PackageNotFoundError:
            return None

    libraries = {name: installed(name) for name in LIBRARIES}
    ours, python = installed("siaga"), platform.python_version()
    if as_json:
        say.out_json({"siaga": ours, "python": python, "libraries": libraries})
        return 0
    say.out(f"siaga {ours} · Python {python}")
    for name, number in libraries.items():
        say.out(f"  {name} {number or '(not installed)'}")
    return 0
