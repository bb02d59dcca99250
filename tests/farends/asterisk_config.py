"""The configuration files of one Asterisk, all in a folder of its own. Nothing is bound to other than loopback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.farends.dialplan import Dialplan
from tests.farends.programs import Tree

PASSWORD = "rahasia-trunk"
MODULES = """
app_dial app_echo app_playback app_queue app_read app_stack app_transfer app_userevent app_verbose app_waitforsilence
bridge_builtin_features bridge_holding bridge_native_rtp bridge_simple bridge_softmix chan_bridge_media chan_pjsip
codec_a_mu codec_alaw codec_g722 codec_gsm codec_resample codec_ulaw format_pcm format_wav func_callerid func_channel
func_cut func_global func_logic func_math func_strings func_timeout func_volume pbx_config
res_convert res_musiconhold res_pjproject
res_pjsip res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_caller_id res_pjsip_diversion res_pjsip_dtmf_info
res_pjsip_endpoint_identifier_anonymous res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
res_pjsip_logger res_pjsip_nat res_pjsip_outbound_authenticator_digest res_pjsip_pubsub res_pjsip_refer
res_pjsip_registrar
res_pjsip_rfc3326 res_pjsip_sdp_rtp res_pjsip_session res_rtp_asterisk res_sorcery_astdb res_sorcery_config
res_sorcery_memory res_srtp res_timing_timerfd
"""
QUEUES = {"lokal": "agen", "lambat": "lambat", "kosong": "kosong", "suara": "suara", "gumam": "gumam", "pergi": "pergi",
          "sabar": "sabar"}  # fmt: skip
"""Queue → what its Local member does."""


@dataclass(frozen=True)
class Ports:
    """Loopback ports of one instance. ``rtp`` is the first of 400. ``tls_*`` show certificates that must be refused."""

    sip: int
    tls: int
    tls_wrong_name: int
    tls_expired: int
    tls_unknown: int
    ami: int
    rtp: int


@dataclass(frozen=True)
class Plan:
    """Everything that decides the files. ``certificates`` holds NAME.pem and NAME.key per TLS port; None: no TLS."""

    tree: Tree
    folder: Path
    voices: Path
    ports: Ports
    certificates: Path | None = None
    sip_agent: str | None = None
    """The SIP URI of an agent's telephone, for the queue ``sip``."""


def write(plan: Plan) -> Path:
    """Write all files; returns the path of ``asterisk.conf``."""
    for name in ("etc", "db", "run", "log", "spool", "var", "keys"):
        (plan.folder / name).mkdir(parents=True, exist_ok=True)
    redirect_to = f"sip:2999@127.0.0.1:{plan.ports.sip}"
    files = {
        "asterisk.conf": _asterisk(plan),
        "modules.conf": "\n".join(["[modules]", "autoload=no", *(f"load={m}.so" for m in MODULES.split())]),
        "logger.conf": "[general]\ndateformat=%F %T.%3q\n[logfiles]\nfull => notice,warning,error,verbose(3)",
        "manager.conf": _manager(plan),
        "rtp.conf": f"[general]\nrtpstart={plan.ports.rtp}\nrtpend={plan.ports.rtp + 399}\nicesupport=no",
        "musiconhold.conf": f"[default]\nmode=files\ndirectory={plan.voices / 'music'}",
        "queues.conf": _queues(plan),
        "extensions.conf": Dialplan(plan.voices).text(redirect_to),
        "pjsip.conf": "\n".join([*_transports(plan), *_endpoints(plan)]),
        "pjproject.conf": "[startup]\nlog_mappings=\n",
        "features.conf": "[general]",
        "cdr.conf": "[general]\nenable=no",
        "cel.conf": "[general]\nenable=no",
        "stasis.conf": "[threadpool]\nmax_size=50",
        "indications.conf": "[general]\ncountry=id\n[id]\ndescription=Indonesia\nringcadence=1000,4000\ndial=425\n"
        "busy=425/500,0/500\nring=425/1000,0/4000\ncongestion=425/250,0/250",
    }
    for name, text in files.items():
        (plan.folder / "etc" / name).write_text(text + "\n", "utf-8")
    return plan.folder / "etc" / "asterisk.conf"


def _asterisk(plan: Plan) -> str:
    folder, tree = plan.folder, plan.tree
    directories = {
        "astetcdir": folder / "etc",
        "astmoddir": tree.libraries / "asterisk" / "modules",
        "astvarlibdir": folder / "var",
        "astdatadir": tree.folder / "usr" / "share" / "asterisk",
        "astdbdir": folder / "db",
        "astkeydir": folder / "keys",
        "astagidir": folder / "var",
        "astspooldir": folder / "spool",
        "astrundir": folder / "run",
        "astlogdir": folder / "log",
        "astcachedir": folder / "var",
        "astsbindir": tree.folder / "usr" / "sbin",
    }
    options = ["verbose=3", "nocolor=yes", "languageprefix=yes", "defaultlanguage=id", "hideconnect=yes"]
    return "\n".join(["[directories]", *(f"{k} => {v}" for k, v in directories.items()), "[options]", *options])


def _manager(plan: Plan) -> str:
    return "\n".join([
        "[general]", "enabled=yes", f"port={plan.ports.ami}", "bindaddr=127.0.0.1", "timestampevents=yes",
        "displayconnects=no", "[uji]", "secret=uji", "read=all", "write=all", "writetimeout=5000",
    ])  # fmt: skip


def _queues(plan: Plan) -> str:
    common = [
        "musicclass=default", "strategy=random", "timeout=600", "retry=1", "ringinuse=yes", "autofill=yes",
        "joinempty=yes", "leavewhenempty=no", "announce-position=no", "announce-holdtime=no", "wrapuptime=0",
        f"periodic-announce={plan.voices / 'prompts' / 'antrean'}", "periodic-announce-frequency=12",
    ]  # fmt: skip
    lines = ["[general]", "persistentmembers=no", "autofill=yes"]
    for queue, behaviour in QUEUES.items():
        lines += [f"[{queue}]", *common, f"member => Local/{behaviour}@petugas/n"]
    lines += ["[sip]", *common, *(["member => PJSIP/telepon"] if plan.sip_agent else [])]
    return "\n".join(lines)


def _transports(plan: Plan) -> list[str]:
    sip = plan.ports.sip
    lines = [
        "[global]",
        "type=global",
        "user_agent=pusat",
        "endpoint_identifier_order=auth_username,username,ip,anonymous",
    ]
    for name in ("udp", "tcp"):
        lines += [f"[{name}]", "type=transport", f"protocol={name}", f"bind=127.0.0.1:{sip}"]
    lines += ["[udp6]", "type=transport", "protocol=udp", f"bind=[::1]:{sip}"]
    if plan.certificates:
        for name in ("tls", "tls_wrong_name", "tls_expired", "tls_unknown"):
            lines += [
                f"[{name}]", "type=transport", "protocol=tls", f"bind=127.0.0.1:{getattr(plan.ports, name)}",
                f"cert_file={plan.certificates / name}.pem", f"priv_key_file={plan.certificates / name}.key",
                "method=tlsv1_2",
            ]  # fmt: skip
    return lines


def _endpoints(plan: Plan) -> list[str]:
    lines = _endpoint("anonymous", [])
    lines += _trunk("cabang") + _trunk("lain")
    lines += _trunk("cabang-tls", "media_encryption=sdes")
    lines += _trunk("cabang-srtp-boleh", "media_encryption=sdes", "media_encryption_optimistic=yes")
    # its bindings outlive the connection they came by, as behind a proxy
    lines += _trunk("cabang-tetap", "rewrite_contact=no")
    lines += _trunk("cabang-gsm", codecs="gsm")
    lines += _trunk("cabang-alaw", codecs="alaw") + _trunk("cabang-g722", codecs="g722")
    lines += _trunk("cabang-info", "dtmf_mode=info") + _trunk("cabang-inband", "dtmf_mode=inband")
    lines += _trunk("cabang-rfc4733", "dtmf_mode=rfc4733")
    lines += _trunk("cabang-batas", "rtp_timeout=30", "rtp_timeout_hold=600")
    lines += [*_endpoint("diam", ["rtp_timeout=30"]), "identify_by=username"]
    lines += _trunk("cabang-enam", media_address="::1")
    lines += _trunk("cabang-enam-srtp", "media_encryption=sdes", media_address="::1")
    lines += [*_endpoint("enam", [], media_address="::1"), "identify_by=username"]
    if plan.sip_agent:
        lines += _endpoint(
            "telepon", ["aors=telepon", "send_pai=yes", "send_connected_line=yes", "trust_id_outbound=yes"]
        )
        lines += ["[telepon]", "type=aor", f"contact={plan.sip_agent}"]
    return lines


def _endpoint(
    name: str, more: list[str], codecs: str = "ulaw,alaw,g722", media_address: str = "127.0.0.1"
) -> list[str]:
    return [
        f"[{name}]", "type=endpoint", "context=pusat", "disallow=all", f"allow={codecs}", "direct_media=no",
        f"media_address={media_address}", "bind_rtp_to_media_address=yes", "rtp_symmetric=yes", "force_rport=yes",
        "rewrite_contact=yes", *([] if any(m.startswith("dtmf_mode") for m in more) else ["dtmf_mode=auto"]), *more,
    ]  # fmt: skip


def _trunk(name: str, *more: str, codecs: str = "ulaw,alaw,g722", media_address: str = "127.0.0.1") -> list[str]:
    return [
        *_endpoint(name, [f"auth={name}", f"aors={name}", *more], codecs, media_address),
        "identify_by=auth_username,username",
        f"[{name}]", "type=auth", "auth_type=userpass", f"username={name}", f"password={PASSWORD}",
        f"[{name}]", "type=aor", "max_contacts=10", "remove_existing=no", "minimum_expiration=10",
    ]  # fmt: skip
