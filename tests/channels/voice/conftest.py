"""Engines for the tests of a module: starting some for each test would take longer than the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from channels.sip import SipChannel
from channels.voice.pool import Pool


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[Pool]:
    """Engines that live as long as the module's tests."""
    engines = Pool("siaga/test")
    yield engines
    await engines.close()


@pytest.fixture
def sip(pool: Pool, tmp_path: Path) -> SipChannel:
    """A channel without trunks."""
    return SipChannel(pool=pool, cache=tmp_path / "cache")
