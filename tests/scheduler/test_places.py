"""What runs may not share inside one process."""

from __future__ import annotations

from scheduler.places import NOTHING, Lane, Needs, Places

TRUNK = Lane("trunk utama", 2)


def test_a_target_is_tested_once_at_a_time() -> None:
    places = Places(10)
    places.take(Needs(lease="a"))
    assert not places.free(Needs(lease="a"))
    assert places.free(Needs(lease="b"))
    places.leave(Needs(lease="a"))
    assert places.free(Needs(lease="a"))


def test_a_lane_holds_as_many_as_it_is_wide() -> None:
    places = Places(10)
    for name in ("a", "b"):
        assert places.free(Needs(lease=name, lane=TRUNK))
        places.take(Needs(lease=name, lane=TRUNK))
    assert not places.free(Needs(lease="c", lane=TRUNK))
    assert places.free(Needs(lease="c"))
    places.leave(Needs(lease="a", lane=TRUNK))
    assert places.free(Needs(lease="c", lane=TRUNK))


def test_the_machine_plays_so_many_at_once_and_what_people_do_takes_nothing() -> None:
    places = Places(1)
    places.take(Needs(lease="a"))
    assert not places.free(Needs(lease="b"))
    assert places.free(NOTHING)
    places.take(NOTHING)
    places.leave(NOTHING)
    places.leave(Needs(lease="a"))
    assert places.free(Needs(lease="b"))
