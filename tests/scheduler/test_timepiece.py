"""Time that nobody lived through is noticed, and a busy moment is not taken for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.timepiece import Jump, Timepiece
from tests.scheduler.plans import SLOT


class Hands:
    """Two clocks that a test moves."""

    def __init__(self) -> None:
        self.wall, self.lived_s = SLOT, 100.0
        self.piece = Timepiece(lambda: self.wall, lambda: self.lived_s)

    def move(self, wall_s: float, lived_s: float) -> Jump | None:
        self.wall += timedelta(seconds=wall_s)
        self.lived_s += lived_s
        return self.piece.look()


@pytest.mark.parametrize(
    ("wall_s", "lived_s", "gap", "step_s"),
    [
        (600, 600, True, 0),  # stopped, or the loop hung
        (600, 5, True, 595),  # set forward, or the machine slept
        (3601, 1, True, 3600),
        (-3599, 1, False, -3600),
        (6, 1, False, 5),
        (-2, 1, False, -3),
    ],
)
def test_a_jump_says_what_it_was(wall_s: float, lived_s: float, gap: bool, step_s: float) -> None:
    hands = Hands()
    jump = hands.move(wall_s, lived_s)
    assert jump is not None
    assert (jump.gap, jump.step_s) == (gap, step_s)
    assert (jump.from_, jump.to) == (SLOT, SLOT + timedelta(seconds=wall_s))


@pytest.mark.parametrize(("wall_s", "lived_s"), [(0, 0), (1, 1), (29, 29), (1.4, 1), (0.5, 2)])
def test_a_busy_moment_or_a_slewed_clock_is_no_jump(wall_s: float, lived_s: float) -> None:
    assert Hands().move(wall_s, lived_s) is None


@pytest.mark.parametrize(
    ("moves", "lived_from_s"),
    [
        ([(20, 20), (20, 20)], 0),
        ([(20, 20), (600, 600), (5, 5)], 620),  # stopped
        ([(20, 20), (600, 1)], 620),  # set forward
        ([(20, 20), (-10, 1)], 0),  # set back, into time that was lived already
        ([(20, 20), (-3600, 1), (5, 5)], -3580),  # set back, before its beginning
    ],
)
def test_it_knows_since_when_there_was_no_gap(moves: list[tuple[float, float]], lived_from_s: float) -> None:
    hands = Hands()
    for wall_s, lived_s in moves:
        hands.move(wall_s, lived_s)
    assert hands.piece.lived == (SLOT + timedelta(seconds=lived_from_s), hands.wall)


def test_every_listener_knows_before_the_look_returns_and_only_once() -> None:
    hands, heard = Hands(), list[Jump]()
    hands.piece.listen(heard.append)
    hands.piece.listen(heard.append)
    assert hands.move(600, 1) == heard[0] == heard[1]
    assert hands.move(1, 1) is None
    assert len(heard) == 2
