"""The house stands as it was drawn: top-level names are ours, every package is shipped, nothing shadows a library."""

from __future__ import annotations

import ast
import importlib.util
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from typing import Any, cast

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = ("probe", "channels", "storage", "scheduler", "escalation", "reports", "lab", "siaga")
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SHIPPED: list[str] = SETTINGS["tool"]["setuptools"]["packages"]


def modules() -> list[Path]:
    """Every module of the product, as a path relative to the root."""
    return [p.relative_to(ROOT) for name in TOP_LEVEL for p in sorted((ROOT / name).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Absolute module names that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def third_party_names() -> set[str]:
    """Top-level names that installed distributions other than siaga provide."""
    return {name for name, owners in packages_distributions().items() if set(owners) != {"siaga"}}


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_a_top_level_name_resolves_inside_the_repository(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT), f"{name} comes from {spec.origin}"


@pytest.mark.parametrize("name", [*TOP_LEVEL, "prove", "tests", "web"])
def test_no_other_distribution_claims_a_top_level_name(name: str) -> None:
    claimed = [d.name for d in distributions() if d.name != "siaga" and d.files and _provides(d, name)]
    assert not claimed, f"{claimed} install a module named {name}: one of them must go"


def _provides(distribution: Any, name: str) -> bool:
    return any(cast("Path", file).parts[0] in (name, f"{name}.py") for file in distribution.files)


def test_every_package_is_shipped_and_nothing_else() -> None:
    on_disk = {".".join(path.parent.parts) for path in modules() if path.name == "__init__.py"}
    assert on_disk == set(SHIPPED)


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {p.parent for top in (*TOP_LEVEL, "tests", "prove") for p in (ROOT / top).rglob("*.py")}
    missing = [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]
    assert not missing, f"without __init__.py pytest and mypy guess differently: {missing}"


NAMED_BY_THE_DESIGN = Path("probe/calendar.py")
"""The word of the house for hours and slots; only ever imported as ``probe.calendar``, which shadows nothing."""


def test_no_module_is_named_like_the_standard_library_or_a_dependency() -> None:
    taken = (set(sys.stdlib_module_names) | third_party_names()) - set(TOP_LEVEL)
    shadowing = [str(path) for path in modules() if path.stem in taken and path != NAMED_BY_THE_DESIGN]
    assert not shadowing, f"rename (mail.py, not email.py): {shadowing}"


def test_probe_imports_only_the_standard_library_and_pydantic() -> None:
    allowed = set(sys.stdlib_module_names) | {"pydantic", "pydantic_core", "probe"}
    foreign = {
        f"{path}: {name}"
        for path in modules()
        if path.parts[0] == "probe"
        for name in imported(path)
        if name.partition(".")[0] not in allowed
    }
    assert not foreign, f"probe is pure: {sorted(foreign)}"


def test_only_the_command_line_knows_the_lab() -> None:
    users = [
        str(path)
        for path in modules()
        if path.parts[0] != "lab"
        and path.parts[:2] != ("siaga", "cli")
        and "lab" in {n.partition(".")[0] for n in imported(path)}
    ]
    assert not users, f"the product does not lean on its lab: {users}"


def test_the_product_imports_neither_its_tests_nor_its_proofs() -> None:
    users = [str(p) for p in modules() if {"tests", "prove"} & {n.partition(".")[0] for n in imported(p)}]
    assert not users
