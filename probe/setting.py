"""What the sections of the configuration are made of: strict models, paths, time zones, references to secrets."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator


@dataclass(frozen=True, slots=True)
class Context:
    """What a value of the configuration may depend on: the folder of the file, and its top-level time zone."""

    folder: Path = Path()
    timezone: str = "Asia/Jakarta"


class Setting(BaseModel):
    """A table of the configuration: unknown keys and values of the wrong type are refused; it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class SecretUnavailableError(Exception):
    """The variable or file that a secret refers to cannot be read; the verb that needs it ends with 78."""


def context_of(info: ValidationInfo) -> Context:
    """The context given to the validation, or the defaults."""
    return info.context if isinstance(info.context, Context) else Context()


def near_miss(word: str, known: Iterable[str]) -> str:
    """The known word that this one resembles, or an empty text."""
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.7)
    return folded[close[0]] if close else ""


def offer(word: str, known: Collection[str], listed: str = "") -> str:
    """``; did you mean `trunk`? allowed: …``, to be put after what is wrong."""
    close = near_miss(word, known)
    hint = f"; did you mean `{close}`? allowed: " if close else "; allowed: "
    return hint + (listed or ", ".join(known) or "none yet")


def _to_path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
        raise ValueError('a path is text in quotes, such as "prompts" (relative to the configuration file)')
    return Path(os.path.normpath(context_of(info).folder / Path(value).expanduser()))


ConfigPath = Annotated[Path, BeforeValidator(_to_path)]
"""A path, relative to the folder of the configuration file."""


def _check_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError) as error:
        allowed = "names of the IANA database, such as Asia/Jakarta, Asia/Makassar, Asia/Jayapura"
        raise ValueError(f"unknown time zone {value!r}{offer(value, available_timezones(), allowed)}") from error
    return value


Timezone = Annotated[str, AfterValidator(_check_timezone)]
"""A name of the IANA time zone database."""

LITERAL_REFUSED = 'a literal secret is refused; allowed: { env = "NAME" } or { file = "path" }'


class Secret(Setting):
    """Where a secret lies: an environment variable or a file. Its value is never kept, shown or hashed."""

    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    file: ConfigPath | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: Any) -> Any:
        if not isinstance(value, (dict, Secret)):
            raise ValueError(LITERAL_REFUSED)
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError('exactly one is expected: { env = "NAME" } or { file = "path" }')
        return self

    def value(self) -> str:
        """The secret itself, without the newline that editors leave. Raises SecretUnavailableError with a sentence."""
        if self.env is not None:
            if found := os.environ.get(self.env):
                return found
            raise SecretUnavailableError(
                f"the environment variable {self.env} is not set; set it before starting siaga"
            )
        try:
            text = Path(self.file or "").read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            cause = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise SecretUnavailableError(f"the secret in {self.file} cannot be read: {cause}") from error
        if not text:
            raise SecretUnavailableError(f"the secret in {self.file} is empty")
        return text
