"""What goes on beside the runs ends with the service, and its failure does not go unnoticed."""

from __future__ import annotations

import asyncio

from siaga.service_tasks import Background


async def for_ever(ended: asyncio.Event) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()


async def broken() -> None:
    raise ValueError("a mistake of ours")


async def test_tasks_end_with_the_service() -> None:
    ended, told = asyncio.Event(), asyncio.Event()
    async with Background(told.set) as background:
        background.keep(for_ever(ended))
        await asyncio.sleep(0)
    assert ended.is_set()
    assert not background.failed
    assert not told.is_set()


async def test_a_task_that_fails_ends_the_service() -> None:
    told = asyncio.Event()
    async with Background(told.set) as background:
        background.keep(broken())
        await told.wait()
    assert background.failed
