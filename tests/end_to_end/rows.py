"""The rows of the contract's table "Verdict, stage, reason" that concern calls, each with the far end it needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.farends import dialplan

ANSWER = '{ expect = "answer", within = "5s" }'
GREETING = '{ expect = "prompt:selamat-datang", within = "8s" }'
PRESS = '{ press = "1" }'
SAY = '{ play = "pemberitahuan" }'
MENU = '{ expect = "prompt:menu-tagihan", within = "8s" }'

BOX = "box"
"""The far end that is the contact centre in a box; it says prompts of its own."""


def agent(within_s: int, more: str = "") -> str:
    """The step that waits for a person."""
    return f'{{ expect = "agent", within = "{within_s}s"{more} }}'


@dataclass(frozen=True)
class Row:
    """One probe and everything the contract says about its result.

    ``to`` may hold ``{pbx}`` (a port of Asterisk) and ``{far}`` (that of ``far_end``: a final answer SIPp gives, the
    name of a misbehaving socket, or ``BOX``). ``act`` is what is done to siaga while the call is up.
    """

    name: str
    to: str
    script: tuple[str, ...]
    verdict: str
    stage: str | None = None
    reason: str | None = None
    owner: str | None = None
    accessibility: str = "ok"
    availability: str = "not_judged"
    trunk: str | None = None
    far_end: str | None = None
    act: str | None = None
    act_at: str = "jawab"
    cap: str | None = None
    exit_code: int = field(default=2)

    @property
    def number(self) -> str:
        """The number dialled, as Asterisk's log of truth has it."""
        return self.to.removeprefix("sip:").partition("@")[0]


def pbx(number: str) -> str:
    """A number of Asterisk by a direct URI."""
    return f"sip:{number}@127.0.0.1:{{pbx}}"


def access(name: str, to: str, reason: str, *, far_end: str | None = None, within_s: int = 5) -> Row:
    """The call does not come about, and it is the far end's fault."""
    return Row(
        name, to, (f'{{ expect = "answer", within = "{within_s}s" }}', GREETING), "fail", "access", reason, "ioc",
        accessibility="not_ok", far_end=far_end,
    )  # fmt: skip


def heard(name: str, number: str, steps: tuple[str, ...], stage: str, reason: str) -> Row:
    """The call is up, but the IVR does not do what it should."""
    return Row(name, pbx(number), (ANSWER, *steps), "fail", stage, reason, "ioc", accessibility="not_ok")


def queued(name: str, number: str, within_s: int, stage: str, reason: str, owner: str) -> Row:
    """The IVR works; what comes after it does not."""
    steps = (ANSWER, GREETING, PRESS, agent(within_s))
    return Row(name, pbx(number), steps, "fail", stage, reason, owner, availability="not_ok")


def ours(name: str, reason: str, *, to: str = "2000", trunk: str | None = None, far_end: str | None = None) -> Row:
    """It is our own side that failed, so nothing is said about the target."""
    return Row(
        name, to, (ANSWER, GREETING), "inconclusive", "probe", reason, "siaga", accessibility="not_judged",
        trunk=trunk, far_end=far_end, exit_code=3,
    )  # fmt: skip


def through(name: str, trunk: str) -> Row:
    """The centre is unavailable through a trunk of ours that works."""
    return Row(
        name, dialplan.CONGESTED, (ANSWER, GREETING), "fail", "access", "unavailable_503", "ioc",
        accessibility="not_ok", trunk=trunk,
    )  # fmt: skip


FAR = "sip:1500@127.0.0.1:{far}"
ROWS = (
    Row("lulus-lokal", pbx(dialplan.LOCAL_AGENT), (ANSWER, GREETING, PRESS, agent(40)), "pass",
        availability="ok", exit_code=0),
    Row("lulus-sip", pbx(dialplan.SIP_AGENT), (ANSWER, GREETING, PRESS, agent(40)), "pass",
        availability="ok", exit_code=0),
    Row("lulus-tanpa-agen", pbx(dialplan.GOOD_MENU), (ANSWER, GREETING, PRESS, MENU), "pass", exit_code=0),
    Row("lambat", pbx(dialplan.SLOW_AGENT), (ANSWER, GREETING, PRESS, agent(40, ', slow = "3s"')), "degraded", "queue",
        "slow", "team_leader", availability="ok", exit_code=1),
    Row("suara-pecah", pbx(dialplan.CLIPPED), (ANSWER, GREETING, PRESS), "degraded", "media", "quality_low", "ioc",
        exit_code=1),
    access("sibuk", pbx(dialplan.BUSY), "busy_486"),
    access("tak-dikenal", pbx(dialplan.UNKNOWN), "number_unknown_404"),
    access("padat", pbx(dialplan.CONGESTED), "unavailable_503"),
    access("tak-dijawab", pbx(dialplan.NEVER_ANSWERED), "no_answer"),
    access("dialihkan", pbx(dialplan.REDIRECTED), "redirected"),
    access("terlarang", pbx(dialplan.FORBIDDEN), "forbidden_403"),
    access("pelanggan-pergi", pbx(dialplan.ABSENT_SUBSCRIBER), "unavailable_480"),
    access("rusak", pbx(dialplan.BROKEN_SERVER), "server_error"),
    access("ditolak", FAR, "declined_603", far_end="603 Decline"),
    access("ditolak-lain", FAR, "rejected", far_end="481 Call Does Not Exist"),
    access("bisu", FAR, "unreachable", far_end="silent", within_s=40),
    access("sampah", FAR, "unreachable", far_end="garbage", within_s=40),
    heard("ivr-bisu", dialplan.SILENT, (GREETING,), "ivr", "ivr_silent"),
    heard("prompt-lain", dialplan.CLOSED, (GREETING,), "ivr", "wrong_prompt"),
    heard("prompt-asing", dialplan.STRANGE, (GREETING,), "ivr", "prompt_not_heard"),
    heard("menu-lain", dialplan.OTHER_MENU, (GREETING, PRESS, MENU), "menu", "wrong_prompt"),
    heard("menu-asing", dialplan.STRANGE_MENU, (GREETING, PRESS, MENU), "menu", "prompt_not_heard"),
    heard("menu-putar", dialplan.LOOP, (GREETING, PRESS, MENU), "menu", "menu_loop"),
    heard("putus-di-menu", dialplan.DROPPED_IN_MENU, (GREETING, PRESS, MENU), "menu", "dropped_in_menu"),
    heard("tombol-mati", dialplan.DEAD_KEY, (GREETING, PRESS, agent(8)), "menu", "dead_key"),
    heard("bukan-musik", dialplan.GOOD_MENU, (GREETING, '{ expect = "tone:busy", within = "3s" }'), "ivr",
          "not_observed"),
    heard("tanpa-rtp", dialplan.NO_RTP, (GREETING,), "media", "no_rtp"),
    heard("gema", dialplan.ECHO, (SAY, GREETING), "ivr", "ivr_silent"),
    Row("satu-arah-dengar", pbx(dialplan.HEARS_ONLY), (ANSWER, PRESS, agent(8)), "fail", "media", "no_rtp", "ioc",
        availability="not_ok"),
    Row("satu-arah-bicara", "sip:1500+one_way_audio@127.0.0.1:{far}",
        (ANSWER, GREETING, '{ expect = "prompt:menu-utama", within = "8s" }', PRESS,
         '{ expect = "prompt:mohon-tunggu", within = "12s" }'),
        "fail", "menu", "menu_loop", "ioc", accessibility="not_ok", far_end=BOX),
    queued("udara-mati", dialplan.DEAD_AIR, 12, "queue", "agent_timeout", "team_leader"),
    queued("rtp-berhenti", dialplan.RTP_STOPS, 15, "media", "rtp_lost", "ioc"),
    queued("antre-terus", dialplan.ENDLESS, 16, "queue", "agent_timeout", "team_leader"),
    queued("putus-di-antrean", dialplan.DROPPED_IN_QUEUE, 30, "queue", "dropped_in_queue", "ioc"),
    queued("kotak-suara", dialplan.VOICEMAIL, 40, "agent", "voicemail", "team_leader"),
    Row("agen-putus", pbx(dialplan.AGENT_LEAVES),
        (ANSWER, GREETING, PRESS, agent(30), '{ expect = "tone:busy", within = "60s" }'),
        "fail", "agent", "dropped_by_agent", "team_leader", availability="not_ok"),
    Row("agen-ragu", pbx(dialplan.MUMBLE), (ANSWER, GREETING, PRESS, agent(30)), "inconclusive", "agent",
        "agent_unproven", "siaga", exit_code=3),
    ours("sandi-salah", "trunk_auth_rejected", trunk="salah"),
    ours("trunk-403", "trunk_auth_rejected", to=dialplan.FORBIDDEN, trunk="cabang"),
    ours("trunk-407", "trunk_auth_rejected", trunk="jauh", far_end="407 Proxy Authentication Required"),
    ours("kodek", "no_common_codec", trunk="gsm"),
    ours("kodek-langsung", "no_common_codec", to=FAR, far_end="488 Not Acceptable Here"),
    ours("trunk-bisu", "trunk_down", trunk="jauh", far_end="silent"),
    ours("trunk-sampah", "trunk_down", trunk="jauh", far_end="garbage"),
    ours("trunk-tertutup", "trunk_down", trunk="tertutup"),
    through("trunk-503", "cabang"),
    through("trunk-503-nomor", "nomor"),
    ours("trunk-503-tanpa-options", "trunk_down", trunk="jauh", far_end="503 Service Unavailable"),
    ours("trunk-503-nomor-sibuk", "trunk_down", to=dialplan.CONGESTED, trunk="nomor-sibuk"),
    ours("trunk-tanpa-nama", "trunk_down", trunk="tanpa-nama"),
    Row("tanpa-jaringan", "sip:1500@192.0.2.7", (ANSWER, GREETING), "inconclusive", "probe", "network", "siaga",
        accessibility="not_judged", act="no network", exit_code=3),
    Row("terpotong", pbx(dialplan.ENDLESS + "101"), (ANSWER, GREETING, PRESS, agent(60)), "inconclusive", "probe",
        "interrupted", "siaga", accessibility="not_judged", act="SIGINT", act_at="tombol", exit_code=3),
    Row("diakhiri", pbx(dialplan.LOOP + "103"), (ANSWER, GREETING), "inconclusive", "probe", "interrupted",
        "siaga", accessibility="not_judged", act="SIGTERM", exit_code=3),
    Row("mesin-mati", pbx(dialplan.ENDLESS + "102"), (ANSWER, GREETING, PRESS, agent(60)), "inconclusive", "probe",
        "engine_crashed", "siaga", accessibility="not_judged", act="kill engine", act_at="tombol", exit_code=3),
    Row("tak-terdengar", pbx(dialplan.ENDLESS + "105"), (ANSWER, GREETING, PRESS, agent(12)), "inconclusive", "probe",
        "overloaded", "siaga", accessibility="not_judged", act="stop engine", act_at="tombol", exit_code=3),
    Row("terlalu-lama", pbx(dialplan.ENDLESS + "104"), (ANSWER, GREETING, PRESS, agent(9)), "inconclusive", "probe",
        "cap_reached", "siaga", accessibility="not_judged", cap="10s", exit_code=3),
    Row("jalur-penuh", "2000", (ANSWER,), "inconclusive", "probe", "lease_busy", "siaga", accessibility="not_judged",
        trunk="sempit", act="second call", exit_code=3),
    Row("jatah-habis", pbx(dialplan.BUSY), (ANSWER,), "inconclusive", "probe", "budget", "siaga",
        accessibility="not_judged", act="used up", exit_code=3),
)  # fmt: skip
