"""Pytest fixtures of the far ends: started once per session, ended with it; absent ones skip with a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.farends import certificates, voices
from tests.farends.asterisk import Asterisk
from tests.farends.faketime import WallClock
from tests.farends.postgres import Postgres
from tests.farends.programs import Absent, sipp


@pytest.fixture(scope="session")
def centre_voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``prompts/``, ``others/`` and ``music/``: what the contact centre of the tests says."""
    folder = tmp_path_factory.mktemp("suara")
    voices.make(folder)
    return folder


@pytest.fixture(scope="session")
def centre_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private authority of the contact centre; certificates of its ports lie beside it."""
    return certificates.make(tmp_path_factory.mktemp("sertifikat"))


@pytest.fixture(scope="session")
def telephone(centre_voices: Path) -> Iterator[Asterisk]:
    """A second Asterisk: the telephone of an agent, a SIP user agent of its own."""
    try:
        instance = Asterisk(centre_voices)
    except Absent as absent:
        pytest.skip(str(absent))
    with instance:
        yield instance


@pytest.fixture(scope="session")
def asterisk(centre_voices: Path, centre_ca: Path, telephone: Asterisk) -> Iterator[Asterisk]:
    """The contact centre: an Asterisk with queues, music on hold, trunks, TLS and every failure by its number."""
    with Asterisk(centre_voices, centre_ca.parent, f"sip:agen@127.0.0.1:{telephone.ports.sip}") as instance:
        yield instance


@pytest.fixture(scope="session")
def sipp_here() -> None:
    """Skips the test unless SIPp is here."""
    try:
        sipp()
    except Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture
def wall_clock(tmp_path: Path) -> WallClock:
    """A wall clock for a process of the test."""
    try:
        return WallClock(tmp_path)
    except Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of our own."""
    try:
        server = Postgres()
    except Absent as absent:
        pytest.skip(str(absent))
    with server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new, empty database: a test that asks for it runs once per kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/siaga.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.database()
    yield url
    server.drop(url)
