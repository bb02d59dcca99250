"""The values of all secrets that a configuration refers to, so that the log can keep them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from probe.setting import Secret, SecretUnavailableError
from siaga.config import Config


def secret_values(config: Config) -> Iterator[str]:
    """Each secret that can be read now; those that cannot are told by whoever needs them."""
    for name in Config.__dataclass_fields__:
        yield from _in(getattr(config, name))


def _in(value: object) -> Iterator[str]:
    if isinstance(value, Secret):
        try:
            yield value.value()
        except SecretUnavailableError:
            return
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _in(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _in(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _in(item)
