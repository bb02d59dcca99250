"""The sections ``[storage]`` and ``[retention]``: where the record and the evidence lie, and for how long.

Importable without the database libraries.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, model_validator

from probe.setting import ConfigPath, Secret, SecretUnavailableError, Setting, context_of
from probe.setting_errors import Place, refuse_at, secret_or

_ALLOWED = 'allowed: "sqlite:///siaga.db", "postgresql://user@host/name", { env = "NAME" } or { file = "path" }'
_SQLITE = "sqlite:///"


def _to_url(value: object, info: ValidationInfo) -> object:
    return secret_or(value, info, lambda text: _plain_url(text, context_of(info).folder), _ALLOWED)


def _plain_url(value: str, folder: Path) -> str:
    if value.startswith(_SQLITE):
        return _SQLITE + str(_sqlite_path(value.removeprefix(_SQLITE), folder))
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

    _folder: Path = PrivateAttr(default_factory=Path)
    """Of the configuration file: what a relative path in a secret is relative to, as in a literal."""

    @model_validator(mode="after")
    def _remember_folder(self, info: ValidationInfo) -> Self:
        self._folder = context_of(info).folder
        return self

    def database_url(self) -> str:
        """The address itself. Raises SecretUnavailableError."""
        if isinstance(self.url, str):
            return self.url
        url = self.url.value()
        if not url.startswith(_SQLITE):
            return url
        try:
            return _SQLITE + str(_sqlite_path(url.removeprefix(_SQLITE), self._folder))
        except ValueError as error:
            raise SecretUnavailableError(f"the address behind storage.url cannot be used: {error}") from error


def _to_days(value: object) -> object:
    match = re.fullmatch(r"([1-9][0-9]{0,4})d", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a number of days is text with its unit: "30d" or "730d"')
    return timedelta(days=int(match[1]))


Days = Annotated[timedelta, BeforeValidator(_to_days)]
"""Whole days, at least one."""


class RetentionSettings(Setting):
    """``[retention]``: what is older is disposed of, and the disposal is entered in the record."""

    results: Days = timedelta(days=730)
    """Rows of the record, with whatever evidence they still have."""
    passes_media: Days = timedelta(days=30)
    """Evidence files of runs that passed."""
    failures_media: Days = timedelta(days=730)
    """Evidence files of all other runs."""

    @model_validator(mode="after")
    def _media_end_first(self) -> Self:
        longer = [name for name in ("passes_media", "failures_media") if getattr(self, name) > self.results]
        refuse_at(
            Place((name,), f"longer than `results` ({self.results.days}d): evidence goes with its row at the latest")
            for name in longer
        )
        return self
