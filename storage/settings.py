"""The section ``[storage]``: where the record and the evidence lie. Importable without the database libraries."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo

from probe.setting import ConfigPath, Secret, Setting, context_of
from probe.setting_errors import places_of, refuse_at

_ALLOWED = 'allowed: "sqlite:///siaga.db", "postgresql://user@host/name", { env = "NAME" } or { file = "path" }'
_SQLITE = "sqlite:///"


def _to_url(value: object, info: ValidationInfo) -> object:
    if isinstance(value, dict):
        try:
            return Secret.model_validate(value, context=info.context)
        except ValueError as error:
            refuse_at(places_of(error, (), Secret))
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError(_ALLOWED)
    if value.startswith(_SQLITE):
        return _SQLITE + str(_sqlite_path(value.removeprefix(_SQLITE), context_of(info).folder))
    if re.match(r"postgresql://", value) is None:
        raise ValueError(f"unknown kind of database; {_ALLOWED}")
    try:
        password = urlsplit(value).password
    except ValueError:
        raise ValueError(f"not an address; {_ALLOWED}") from None
    if password is not None or "password=" in value:
        raise ValueError(
            'a literal secret is refused; put the whole address behind { env = "NAME" } or { file = "path" }'
        )
    return value


def _sqlite_path(path: str, folder: Path) -> Path:
    if not path or path == ":memory:" or set(path) & set("?\0"):
        raise ValueError(f"a file is expected after sqlite:///; {_ALLOWED}")
    return Path(os.path.normpath(folder.absolute() / path))


class StorageSettings(Setting):
    """``[storage]``: both are created at first use."""

    url: Annotated[str | Secret, BeforeValidator(_to_url), Field(validate_default=True)] = "sqlite:///siaga.db"
    evidence: Annotated[ConfigPath, Field(validate_default=True)] = Path("evidence")

    def database_url(self) -> str:
        """The address itself. Raises SecretUnavailableError."""
        return self.url if isinstance(self.url, str) else self.url.value()
