"""Engines die, and calls must not be left behind: neither by them nor by us."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from channels.sip import SipChannel
from channels.voice.pool import Pool
from channels.voice.ports import PortRange
from channels.voice.process import MAX_CALLS, EngineProcess
from probe.observation import Answered, Ended, Progress, Trouble
from probe.reasons import Reason
from tests.channels.voice.calling import call
from tests.channels.voice.uas import Reply, Request, Uas, answering, ringing

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLER = """
import asyncio, sys
from pathlib import Path
from channels.sip import SipChannel
from probe.observation import Answered, Progress
from probe.session import Target

async def main():
    session = await SipChannel().open(Target(run_id="run", to=sys.argv[1], evidence=Path(sys.argv[2])))
    async for seen in session.observations():
        if type(seen).__name__ == sys.argv[3]:
            print("there", flush=True)
    await session.close()

asyncio.run(main())
"""


async def test_an_engine_is_ready_within_a_second_and_a_spare_stays_warm(pool: Pool, tmp_path: Path) -> None:
    await pool.start()
    began = time.monotonic()
    fresh = Pool("siaga/test")
    await fresh.start()
    ready_s = time.monotonic() - began
    await fresh.close()
    # on an idle machine 0.3 s; the margin is for one that runs other tests
    assert ready_s < 3.0
    async with Uas(answering) as uas, call(SipChannel(pool=pool), uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        assert sum(engine.seats == 0 for engine in pool.engines) == 1


async def test_five_calls_take_two_engines_and_each_call_is_its_own(pool: Pool, tmp_path: Path) -> None:
    sip = SipChannel(pool=pool)
    async with Uas(answering) as uas:
        targets = [call(sip, uas.uri, tmp_path / str(number)) for number in range(MAX_CALLS + 1)]
        made = await asyncio.gather(*(target.__aenter__() for target in targets))
        await asyncio.gather(*(each.until(Answered) for each in made))
        assert sorted(e.seats for e in pool.engines if e.seats) == [1, MAX_CALLS]
        ports = {r.text.partition("m=audio ")[2].split(" ")[0] for r in await uas.wait_for("INVITE", MAX_CALLS + 1)}
        assert len(ports) == MAX_CALLS + 1
        await asyncio.gather(*(target.__aexit__(None, None, None) for target in targets))
        await uas.wait_for("BYE", MAX_CALLS + 1)


@pytest.mark.parametrize(("far_end", "sign", "farewell"), [(answering, Answered, "BYE"), (ringing, Progress, "CANCEL")])
async def test_a_killed_engine_is_seen_at_once_replaced_and_its_call_ended_by_the_parent(
    pool: Pool, tmp_path: Path, far_end: Reply, sign: type[Answered | Progress], farewell: str
) -> None:
    async with Uas(far_end) as uas, call(SipChannel(pool=pool), uas.uri, tmp_path / "run") as made:
        await made.until(sign)
        await asyncio.sleep(0.1)
        engine = next(e for e in pool.engines if e.seats)
        killed_at = time.monotonic()
        os.kill(engine.pid, signal.SIGKILL)
        ended = await made.ended()
        assert isinstance(ended, Trouble)
        assert ended.reason is Reason.ENGINE_CRASHED
        assert ended.at - killed_at < 0.1
        [last] = await uas.wait_for(farewell)
        assert time.monotonic() - killed_at < 1.0
        report = await made.close()
        invite = uas.requests[0]
        assert last.header("Call-ID") == invite.header("Call-ID")
        if farewell == "CANCEL":
            assert last.header("Via") == invite.header("Via")
        else:
            assert int(last.header("CSeq").split()[0]) == int(invite.header("CSeq").split()[0]) + 1
            assert last.header("To").endswith(";tag=far")
        assert {e.kind for e in report.evidence} == {"recording", "sip_trace"}
        assert f"{farewell} sent for the dead engine and confirmed" in (tmp_path / "run" / "sip.txt").read_text()
        assert engine not in pool.engines
        ports = engine.ports
    seat = await pool.seat("another")
    assert seat.engine.ports.first != ports.first
    seat.give_back()


async def test_an_engine_told_to_terminate_hangs_up_first(pool: Pool, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(SipChannel(pool=pool), uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        os.kill(next(e for e in pool.engines if e.seats).pid, signal.SIGTERM)
        ended = await made.ended()
        await uas.wait_for("BYE")
    assert isinstance(ended, Ended)
    assert len([r for r in uas.requests if r.method == "BYE"]) == 1


async def test_an_engine_that_hangs_is_killed(pool: Pool, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(SipChannel(pool=pool), uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        engine = next(e for e in pool.engines if e.seats)
        os.kill(engine.pid, signal.SIGSTOP)
        ended = await made.ended()
        assert isinstance(ended, Trouble)
        assert "silent for 3 s" in ended.detail
        await uas.wait_for("BYE")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize(
    ("far_end", "sign", "farewell"), [(answering, "Answered", "BYE"), (ringing, "Progress", "CANCEL")]
)
async def test_a_killed_parent_leaves_no_call_behind(
    tmp_path: Path, how: signal.Signals, far_end: Reply, sign: str, farewell: str
) -> None:
    async with Uas(far_end) as uas:
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CALLER, uas.uri, str(tmp_path), sign, stdout=asyncio.subprocess.PIPE
        )
        assert parent.stdout is not None
        assert await asyncio.wait_for(parent.stdout.readline(), 10) == b"there\n"
        killed_at = time.monotonic()
        parent.send_signal(how)
        await parent.wait()
        await uas.wait_for(farewell)
        assert time.monotonic() - killed_at < 2.0
    assert (tmp_path / "recording.wav").read_bytes()[:4] == b"RIFF"


async def test_stderr_of_a_dead_engine_is_kept_and_bounded(pool: Pool) -> None:
    seat = await pool.seat("any")
    os.kill(seat.engine.pid, signal.SIGSEGV)
    await asyncio.wait_for(seat.engine.died.wait(), 5)
    await asyncio.wait_for(asyncio.gather(*seat.engine._tasks), 5)
    seat.give_back()
    assert "Segmentation fault" in seat.engine.last_words()
    assert len(seat.engine.last_words()) <= 16384


async def test_why_an_engine_died_is_told_with_its_call_and_in_the_log(
    pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Uas(answering) as uas, call(SipChannel(pool=pool), uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        engine = next(e for e in pool.engines if e.seats)
        os.kill(engine.pid, signal.SIGSEGV)
        ended = await made.ended()
        assert isinstance(ended, Trouble)
        assert ended.detail == "the engine's connection closed: Fatal Python error: Segmentation fault"
        await uas.wait_for("BYE")
        await asyncio.wait_for(asyncio.gather(*engine._tasks), 5)
    [told] = [r.getMessage() for r in caplog.records if f"engine {engine.pid} " in r.getMessage()]
    assert f"ended with status {-signal.SIGSEGV}" in told
    assert "Segmentation fault" in told


async def test_an_engine_that_leaves_when_told_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    own = Pool("siaga/test", spares=0)
    (await own.seat("any")).give_back()
    await own.close()
    assert not caplog.records


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("python: ../src/pj/x.c:12: f: Assertion `x' failed.\nFatal Python error: Aborted\n",
         "it died: python: ../src/pj/x.c:12: f: Assertion `x' failed."),
        ('Traceback:\n  File "a"\nValueError: no\x1b[2J good\n', "it died: ValueError: no[2J good"),
        ("OSError: long ago\nFatal Python error: Aborted\n\nThread 1:\n", "it died: Fatal Python error: Aborted"),
        ("ValueError: a=crypto:1 inline:geheim\n", "it died: ValueError: a=crypto:1 inline:[redacted]"),
        ("a banner of the wheel\n", "it died"),
        ("", "it died"),
        ("x.OSError: " + "y" * 999, "it died: x.OSError: " + "y" * 189),
    ],
)  # fmt: skip
async def test_of_the_last_words_the_line_that_tells_most_is_told(words: str, told: str, tmp_path: Path) -> None:
    engine = EngineProcess("siaga/test", PortRange(62000, 62019, tmp_path).take())
    engine._stderr += words.encode()
    await engine.fail("it died")
    assert engine.cause == told


async def test_the_first_kill_of_a_burst_does_not_take_the_others(pool: Pool, tmp_path: Path) -> None:
    sip = SipChannel(pool=pool)
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "a") as first:
        await first.until(Answered)
        os.kill(next(e for e in pool.engines if e.seats).pid, signal.SIGKILL)
        await first.ended()
        async with call(sip, uas.uri, tmp_path / "b") as second:
            await second.until(Answered)


async def test_a_parent_killed_with_events_unread_leaves_no_call_behind(tmp_path: Path) -> None:
    """Then the engine's socket ends with an error instead of an end of file, and nobody reads its standard error."""
    stuck = CALLER.replace('print("there", flush=True)', 'print("there", flush=True); __import__("time").sleep(60)')
    async with Uas(answering) as uas:
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", stuck, uas.uri, str(tmp_path), "Answered", stdout=asyncio.subprocess.PIPE
        )
        assert parent.stdout is not None
        assert await asyncio.wait_for(parent.stdout.readline(), 10) == b"there\n"
        [invite] = await uas.wait_for("INVITE")
        await uas.wait_for("ACK")
        # what it says now stays unread
        uas.send([uas.request(invite, "UPDATE", more="P-Asserted-Identity: <sip:7@x>\r\n")], invite.peer)
        await uas.wait_for("SIP/2.0")
        parent.kill()
        await parent.wait()
        await uas.wait_for("BYE")


@pytest.mark.parametrize("victim", ["engine", "parent"])
async def test_an_answer_that_comes_after_a_death_is_ended_too(victim: str, tmp_path: Path) -> None:
    def late(uas: Uas, invite: Request) -> list[str | bytes]:
        def answer() -> None:
            uas.send([uas.answer(invite, "200 OK", uas.sdp)], invite.peer)

        asyncio.get_running_loop().call_later(0.6, answer)
        return []

    async with Uas(late) as uas:
        uas.silent = True
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CALLER, uas.uri, str(tmp_path), "Placed", stdout=asyncio.subprocess.PIPE
        )
        assert parent.stdout is not None
        assert await asyncio.wait_for(parent.stdout.readline(), 10) == b"there\n"
        if victim == "parent":
            parent.kill()
        else:
            os.kill(_engine_that_writes_to(tmp_path, parent.pid), signal.SIGKILL)
        await uas.wait_for("BYE")
        if parent.returncode is None:
            parent.kill()
        await parent.wait()


def _engine_that_writes_to(folder: Path, parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for child in children:
        links = [link.readlink() for link in Path(f"/proc/{child}/fd").iterdir() if link.is_symlink()]
        if any(link.is_relative_to(folder) for link in links):
            return int(child)
    raise AssertionError(f"none of {children} records into {folder}")
