"""The configuration that comes with the box: one probe per scenario, each followed by what it must find."""

from __future__ import annotations

_ANSWER = '{ expect = "answer", within = "10s" }'
_WELCOME = '{ expect = "prompt:selamat-datang", within = "8s" }'
_NOT_CLOSED = '{ expect = "prompt:selamat-datang", within = "8s", never = ["prompt:di-luar-jam"] }'
_MENU = '{ expect = "prompt:menu-utama", within = "8s" }'
_KEY = '{ press = "1" }'
_WAIT = '{ expect = "prompt:mohon-tunggu", within = "8s" }'
_AGENT = '{ expect = "agent", within = "40s" }'
_AGENT_SOON = '{ expect = "agent", within = "20s" }'
_SAY = '{ play = "pemberitahuan" }'
_END = "{ end = true }"
_TO_KEY = (_ANSWER, _WELCOME, _MENU, _KEY)
_WHOLE = (*_TO_KEY, _AGENT, _SAY, _END)
_SHORT = ('{ expect = "answer", within = "6s" }', _END)

_HEAD = """\
# Written by the contact centre in a box; each comment says what the probe must find.
timezone = "Asia/Jakarta"
language = "id"
prompts = "prompts"
"""

_DEMO = (
    ("ivr-ke-agent", "1500", "pass", _WHOLE),
    (
        "ivr-lambat",
        "1500+slow_agent",
        "degraded: slow",
        (*_TO_KEY, '{ expect = "agent", within = "40s", slow = "5s" }', _SAY, _END),
    ),
    ("ivr-tombol-mati", "1500+dead_key", "fail: menu_loop (ioc)", (*_TO_KEY, _WAIT, _AGENT, _END)),
    ("ivr-tanpa-agent", "1500+endless_queue", "fail: agent_timeout (team_leader)", (*_TO_KEY, _AGENT_SOON, _END)),
    ("ivr-sibuk", "1500+busy", "fail: busy_486 (ioc)", _SHORT),
)

_ON_DEMAND = (
    ("not_found", "fail: number_unknown_404 (ioc)", _SHORT),
    ("unavailable", "fail: unavailable_503 (ioc)", _SHORT),
    ("forbidden", "fail: forbidden_403 (ioc)", _SHORT),
    ("no_codec", "inconclusive: no_common_codec (siaga)", _SHORT),
    ("redirect", "fail: redirected (ioc)", _SHORT),
    ("no_answer", "fail: no_answer (ioc)", _SHORT),
    ("no_reply", "fail: unreachable (ioc)", _SHORT),
    ("garbage", "fail: unreachable (ioc)", _SHORT),
    ("early_media", "pass", (_WELCOME, _ANSWER, _MENU, _KEY, _AGENT, _SAY, _END)),
    ("after_hours", "fail: wrong_prompt (ioc)", (_ANSWER, _NOT_CLOSED, _END)),
    ("ivr_silent", "fail: ivr_silent (ioc)", (_ANSWER, _WELCOME, _END)),
    ("no_rtp", "fail: no_rtp (ioc)", (_ANSWER, _WELCOME, _END)),
    ("wrong_prompt", "fail: wrong_prompt (ioc)", (_ANSWER, _WELCOME, _END)),
    ("unknown_prompt", "fail: prompt_not_heard (ioc)", (_ANSWER, _WELCOME, _MENU, _KEY, _END)),
    ("drop_in_ivr", "fail: hung up in the menu, before the key (ioc)", (_ANSWER, _WELCOME, _MENU, _KEY, _WAIT, _END)),
    ("wrong_menu", "fail: wrong_prompt in the menu (ioc)", (*_TO_KEY, _WAIT, _END)),
    ("drop_in_menu", "fail: dropped_in_menu (ioc)", (*_TO_KEY, _WAIT, _END)),
    ("one_way_audio", "fail: menu_loop (ioc)", (*_TO_KEY, _WAIT, _END)),
    ("queue_without_music", "pass", _WHOLE),
    ("drop_in_queue", "fail: dropped_in_queue (ioc)", (*_TO_KEY, _WAIT, _AGENT_SOON, _END)),
    ("rtp_stops", "fail: rtp_lost (ioc)", (*_TO_KEY, _WAIT, _AGENT_SOON, _END)),
    ("agent_silent", "fail: agent_timeout (team_leader)", (*_TO_KEY, _AGENT_SOON, _END)),
    ("voicemail", "fail: voicemail (team_leader)", (*_TO_KEY, '{ expect = "agent", within = "25s" }', _END)),
)


def config(host: str, port: int) -> str:
    """The text of ``siaga.toml`` for a box that listens there."""
    hostport = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    parts = [_HEAD]
    on_demand = (
        (f"lab-{fault.replace('_', '-')}", f"1500+{fault}", finds, steps) for fault, finds, steps in _ON_DEMAND
    )
    closed = ("lab-di-luar-jam", "1508", "pass", (_ANSWER, '{ expect = "prompt:di-luar-jam", within = "8s" }', _END))
    for name, number, finds, steps in (*_DEMO, closed, *on_demand):
        lines = "\n".join(f"  {step}," for step in steps)
        parts.append(
            f'\n# {finds}\n[[probe]]\nname = "{name}"\nchannel = "sip"\nservice = "inbound"\nskill = "{number}"\n'
            f'to = "sip:{number}@{hostport}"\nscript = [\n{lines}\n]\n'
        )
    return "".join(parts)
