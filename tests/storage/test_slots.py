"""A trunk's channels are never exceeded, whoever dies how."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.slots import NoChannelFreeError, TrunkChannels

HOLDER = """
import asyncio, sys
from pathlib import Path
from storage.slots import TrunkChannels
async def main():
    async with TrunkChannels(Path(sys.argv[1]), "pstn", int(sys.argv[2])).one(5):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
RACER = """
import asyncio, sys, os
from pathlib import Path
from storage.slots import TrunkChannels
folder = Path(sys.argv[1])
async def call(n):
    async with TrunkChannels(folder / "locks", "pstn", 3).one(60) as number:
        mark = folder / f"channel-{number}"
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))   # fails when two hold the same channel
        await asyncio.sleep(0.01)
        mark.unlink()
async def main():
    await asyncio.gather(*(call(n) for n in range(25)))
asyncio.run(main())
"""


def test_no_two_processes_hold_the_same_channel(tmp_path: Path) -> None:
    racers = [subprocess.Popen([sys.executable, "-c", RACER, tmp_path]) for _ in range(4)]
    assert [racer.wait(60) for racer in racers] == [0] * 4


def test_a_killed_process_gives_its_channel_back(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path, "1"], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    async def take() -> float:
        with pytest.raises(NoChannelFreeError):
            async with TrunkChannels(tmp_path, "pstn", 1).one(0):
                pass
        holder.send_signal(signal.SIGKILL)
        start = time.monotonic()
        async with TrunkChannels(tmp_path, "pstn", 1).one(10):
            return time.monotonic() - start

    waited = asyncio.run(take())
    holder.stdout.close()
    assert holder.wait(5) == -signal.SIGKILL
    assert waited < 2


async def test_channels_of_one_process_count_too_and_come_back_in_order(tmp_path: Path) -> None:
    trunk = TrunkChannels(tmp_path, "pstn", 2)
    async with trunk.one(0) as first:
        async with trunk.one(0) as second:
            assert {first, second} == {0, 1}
            with pytest.raises(NoChannelFreeError, match=r"all 2 channels of trunk pstn stayed busy for 0\.1 s"):
                async with trunk.one(0.1):
                    pass
        async with trunk.one(0) as again:
            assert again == second


async def test_a_waiter_gets_the_channel_when_it_comes_free(tmp_path: Path) -> None:
    trunk, entered, release = TrunkChannels(tmp_path, "pstn", 1), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with trunk.one(0):
            entered.set()
            await release.wait()

    holder = asyncio.create_task(hold())
    await entered.wait()
    asyncio.get_running_loop().call_later(0.1, release.set)
    async with trunk.one(10) as number:
        assert number == 0
    await holder


async def test_a_cancelled_waiter_and_a_failing_call_leave_nothing_held(tmp_path: Path) -> None:
    trunk = TrunkChannels(tmp_path, "pstn", 1)
    with pytest.raises(ZeroDivisionError):
        async with trunk.one(0):
            raise ZeroDivisionError
    async with trunk.one(0):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), trunk.one(60):
                pass
    async with trunk.one(0):
        pass


@pytest.mark.parametrize(("one", "two"), [("pstn", "gsm"), ("a/b", "a_b"), ("../x", "x"), ("x" * 200, "x" * 201)])
async def test_trunks_do_not_share_channels_whatever_their_names(tmp_path: Path, one: str, two: str) -> None:
    folder = tmp_path / "locks"
    async with TrunkChannels(folder, one, 1).one(0), TrunkChannels(folder, two, 1).one(0):
        pass
    assert os.listdir(tmp_path) == ["locks"]  # noqa: PTH208 - the event loop has nothing else to do


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user; run as root to see it")
async def test_a_folder_that_another_user_prepared_is_not_trusted(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(PermissionError, match="belongs to another user"):
        async with TrunkChannels(tmp_path, "pstn", 1).one(0):
            pass


async def test_a_folder_behind_a_link_or_open_to_others_is_not_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PermissionError, match="is a link"):
        async with TrunkChannels(tmp_path / "link", "pstn", 1).one(0):
            pass
    folder.chmod(0o777)
    with pytest.raises(PermissionError, match="others may write"):
        async with TrunkChannels(folder, "pstn", 1).one(0):
            pass


def test_a_trunk_without_channels_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one channel"):
        TrunkChannels(tmp_path, "pstn", 0)
