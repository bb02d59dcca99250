"""The ideas of RFC 4475 (SIP torture test messages), each as something done to a message, answer and request alike.

The names are those of the RFC's sections; the bytes are our own. Hosts stay on the loopback interface, because the
caller may send to whatever stands in a Contact.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from tests.farends.hostile_sip import Draft

Torture = Callable[[Draft, random.Random], None]
HERE: Final = "127.0.0.1:9"
ODD_METHOD: Final = "!interesting-Method0123456789_*+`.%indeed'~"


def _line(draft: Draft, *, method: str | None = None, uri: str | None = None, version: str | None = None) -> None:
    """Change the start line of a request; of an answer, the part that corresponds."""
    first, second, rest = draft.start.split(" ", 2)
    if draft.is_answer:
        draft.start = f"{version or first} {second} {uri or rest}"
    else:
        draft.start = f"{method or first} {uri or second} {version or rest}"


def _cseq(draft: Draft, *, number: str | None = None, method: str | None = None) -> None:
    had_number, _, had_method = draft.get("CSeq").partition(" ")
    draft.put("CSeq", f"{number or had_number} {method or had_method}")


def _before_tag(draft: Draft, name: str, address: str) -> None:
    """Replace the address of From or To and keep its tag, so that the dialog is still found."""
    _, found, tag = draft.get(name).partition(";tag=")
    draft.put(name, address + found + tag)


def wsinv(draft: Draft, rng: random.Random) -> None:
    """White space, folding and case wherever the grammar allows it."""
    folded = []
    for name, value in draft.headers:
        odd = "".join(rng.choice((c.upper(), c.lower())) for c in name) + rng.choice(("", " ", "  \t"))
        folded.append(
            (odd, value.replace(";", rng.choice((" ;", ";\r\n ", "; "))).replace(" ", rng.choice((" ", "\r\n  ")), 1))
        )
    draft.headers = folded


def intmeth(draft: Draft, _: random.Random) -> None:
    if not draft.is_answer:
        _line(draft, method=ODD_METHOD)
    _cseq(draft, method=ODD_METHOD)
    draft.put("Contact", f'"BEL:\x07 NUL:\x00 DEL:\x7f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@{HERE}>')


def esc01(draft: Draft, _: random.Random) -> None:
    draft.put("Contact", f"<sip:sips%3Auser%40example.com@{HERE};%6C%72;n%61me=v%61lue%25%34%31>")


def escnull(draft: Draft, _: random.Random) -> None:
    draft.put("Contact", f"<sip:%00@{HERE}>, <sip:null-%00-null@{HERE};%00=%00>")
    _before_tag(draft, "To", f"sip:null-%00-null@{HERE}")


def esc02(draft: Draft, _: random.Random) -> None:
    _cseq(draft, method="RE%47IST%45R")
    draft.put("Contact", f"<sip:alias2@{HERE};%65xpires=5>")


def lwsdisp(draft: Draft, _: random.Random) -> None:
    draft.put("To", draft.get("To").replace("<", "caller<", 1))
    draft.put("Contact", f"caller<sip:caller@{HERE}>")


def longreq(draft: Draft, rng: random.Random) -> None:
    """Everything very long, still one datagram."""
    draft.add("Unknown-" + "long" * 25, "value" * 20 + "; unknown-" + "x" * rng.choice((100, 900)))
    for n in range(rng.choice((5, 34, 150))):
        draft.add("Via", f"SIP/2.0/TCP sip{n}.example.com;branch=z9hG4bK{'long' * 12}{n}")
    draft.put("Contact", f"<sip:{'amazinglylong' * rng.choice((5, 60))}@{HERE}>")


def dblreq(draft: Draft, _: random.Random) -> None:
    """A second message after the first, in the same datagram."""
    draft.after = draft.render().decode("latin-1") + "INVITE sip:j@127.0.0.1 SIP/2.0\r\nVia: garbage\r\n\r\n"


def semiuri(draft: Draft, _: random.Random) -> None:
    draft.put("Contact", f"<sip:user;par=u%40example.net;;=;a@{HERE};lr;;x=>")


def transports(draft: Draft, _: random.Random) -> None:
    for kind in ("UDP", "SCTP", "TLS", "UNKNOWN", "TCP", "", "UDP/UDP"):
        draft.add("Via", f"SIP/2.0/{kind} t1.example.com;branch=z9hG4bKkdjuw")


def mpart01(draft: Draft, rng: random.Random) -> None:
    """A multipart body with binary parts, sometimes without its end."""
    edge = "7a9cbec02ceef655"
    der = "".join(chr(rng.randrange(256)) for _ in range(300))
    parts = f"--{edge}\r\nContent-Type: text/plain\r\n\r\nHi\r\n"
    parts += f"--{edge}\r\nContent-Type: application/octet-stream\r\n\r\n{der}\r\n"
    end = rng.choice((f"--{edge}--\r\n", "", f"--{edge}", f"--{edge}\r\n\r\n--{edge}\r\n:\r\n--{edge}--"))
    draft.carry(
        parts + end,
        f"multipart/{rng.choice(('mixed', 'alternative', 'signed', ''))};boundary={rng.choice((edge, '', chr(34)))}",
    )


def unreason(draft: Draft, _: random.Random) -> None:
    _line(draft, uri="= 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e".encode().decode("latin-1"))


def noreason(draft: Draft, rng: random.Random) -> None:
    first, second, *_rest = draft.start.split(" ")
    draft.start = f"{first} {second}{rng.choice((' ', '', chr(9)))}"


def badinv01(draft: Draft, _: random.Random) -> None:
    draft.put("Via", draft.get("Via") + ";;,;,,")
    draft.put("Contact", f'"Joe" <sip:joe@{HERE}>;;;;')
    draft.add("Route", "<sip:127.0.0.1;lr>,,;,")


def clerr(draft: Draft, rng: random.Random) -> None:
    draft.counted = False
    draft.add("Content-Length", str(rng.choice((9999, len(draft.body) + 1, 2**31 - 1, 2**32, 10**30))))


def ncl(draft: Draft, _: random.Random) -> None:
    draft.counted = False
    draft.add("Content-Length", "-999")


def scalar02(draft: Draft, rng: random.Random) -> None:
    _cseq(draft, number=rng.choice(("36893488147419103232", "4294967295", "2147483648", "-1", "0", "1e9")))
    draft.put("Max-Forwards", "300")
    draft.put("Expires", "1000000000000000000")
    draft.put("Contact", f"<sip:user@{HERE}>;expires=280297596632815;q=9.99999999")


def scalarlg(draft: Draft, _: random.Random) -> None:
    draft.add("Retry-After", "949302838503028349304023988")
    draft.add("Warning", '1812 overture "In Progress"')
    draft.add("Session-Expires", "949302838503028349304023988;refresher=nobody")
    draft.add("Min-SE", "99999999999")
    draft.add("RSeq", "99999999999")


def quotbal(draft: Draft, _: random.Random) -> None:
    draft.put("To", '"Mr. J. User ' + draft.get("To"))
    draft.put("Contact", f'"Joe <sip:joe@{HERE}>')


def ltgtruri(draft: Draft, _: random.Random) -> None:
    _line(draft, uri=f"<sip:user@{HERE}>")
    draft.put("Contact", f"<<sip:user@{HERE}>>")


def lwsruri(draft: Draft, _: random.Random) -> None:
    _line(draft, uri=f"sip:user@{HERE}; lr")
    draft.put("Contact", f"<sip:user@{HERE}; lr ; x = y >")


def lwsstart(draft: Draft, _: random.Random) -> None:
    draft.start = draft.start.replace(" ", "  ")


def trws(draft: Draft, rng: random.Random) -> None:
    draft.start += rng.choice(("  ", "\t", " \x00"))


def escruri(draft: Draft, _: random.Random) -> None:
    _line(draft, uri=f"sip:user@{HERE}?Route=%3Csip:127.0.0.1%3E")
    draft.put("Contact", f"<sip:user@{HERE}?Route=%3Csip:127.0.0.1%3E&body=%0d%0a%0d%0a&Call-ID=x&&=>")


def baddate(draft: Draft, _: random.Random) -> None:
    draft.add("Date", "Fri, 01 Jan 2010 16:00:00 EST")
    draft.add("Date", "Foo, 99 Bar -2 99:99:99 GMT")


def regbadct(draft: Draft, _: random.Random) -> None:
    draft.put("Contact", f"sip:user@{HERE}?Route=%3Csip:127.0.0.1%3E, *, *;expires=0, <>")


def badaspec(draft: Draft, _: random.Random) -> None:
    _before_tag(draft, "To", f'"Watson, Thomas" < sip:t.watson@{HERE} >')
    draft.put("Contact", f'"Bell, Alexander" < sip:a.g.bell@{HERE} >')


def baddn(draft: Draft, _: random.Random) -> None:
    draft.put("Contact", f"Bell, Alexander <sip:a.g.bell@{HERE}>")
    draft.put("From", "Bell, Alexander " + draft.get("From"))


def badvers(draft: Draft, rng: random.Random) -> None:
    _line(draft, version=rng.choice(("SIP/7.0", "SIP/2", "SIP/", "HTTP/1.1", "SIP/2.0.0", "sip/2.0")))


def mismatch01(draft: Draft, rng: random.Random) -> None:
    _cseq(draft, method=rng.choice(("OPTIONS", "INVITE", "ACK", "CANCEL", "BYE", "PRACK", "UPDATE")))


def mismatch02(draft: Draft, _: random.Random) -> None:
    if not draft.is_answer:
        _line(draft, method="NEWMETHOD")
    _cseq(draft, method="NEWERMETHOD")


def bigcode(draft: Draft, rng: random.Random) -> None:
    if draft.is_answer:
        code = rng.choice(("4294967301", "0", "-1", "99", "700", "999", "1000", "65736", "20", "2", "", "200a"))
        draft.start = f"SIP/2.0 {code} better not break the receiver"
    else:
        draft.add("RAck", "4294967301 4294967301 INVITE")


def badbranch(draft: Draft, rng: random.Random) -> None:
    head, found, _ = draft.get("Via").partition(";branch=")
    if found:
        draft.put("Via", head + rng.choice((";branch=z9hG4bK", ";branch=", "", ";branch", ";branch=z9hG4bK;branch=")))


def insuf(draft: Draft, rng: random.Random) -> None:
    for name in rng.sample(["Via", "From", "To", "Call-ID", "CSeq", "Contact"], rng.choice((1, 1, 2, 6))):
        draft.drop(name)


def unkscm(draft: Draft, _: random.Random) -> None:
    _line(draft, uri="nobodyKnowsThisScheme:totallyopaquecontent")
    draft.put("Contact", "<nobodyKnowsThisScheme:totallyopaquecontent>")


def novelsc(draft: Draft, _: random.Random) -> None:
    _line(draft, uri="soap.beep://127.0.0.1:3002")
    draft.put("Contact", "<soap.beep://127.0.0.1:3002>, <tel:+1-201-555-0123;phone-context=x>, <tel:>, <tel:;>")


def unksm2(draft: Draft, _: random.Random) -> None:
    _before_tag(draft, "To", "<isbn:2983792873>")
    _before_tag(draft, "From", "<http://www.example.com>")


def bext01(draft: Draft, _: random.Random) -> None:
    draft.add(
        "Require",
        "nothingSupportsThis, nothingSupportsThisEither, 100rel, timer, replaces, " + ",".join("abcdefgh" * 20),
    )
    draft.add("Proxy-Require", "noProxiesSupportThis")
    draft.add("Supported", ", ,,100rel,,")


def invut(draft: Draft, rng: random.Random) -> None:
    kind = rng.choice(
        ("application/unknownformat", "application", "/", "application/sdp;", "message/sipfrag", "x/" + "y" * 3000)
    )
    draft.carry("<audio>\n <pcmu port='443'/>\n</audio>\n", kind)


def regaut01(draft: Draft, _: random.Random) -> None:
    for name in ("Authorization", "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info"):
        draft.add(name, 'NoOneKnowsThisScheme opaque-data=here, realm="", nonce=')


def multi01(draft: Draft, rng: random.Random) -> None:
    """Headers that must stand alone, several times, with other values."""
    extra = [
        ("To", "sip:second@127.0.0.1;tag=2"),
        ("From", "sip:second@127.0.0.1;tag=3"),
        ("Call-ID", "second"),
        ("CSeq", "5 INVITE"),
        ("CSeq", "59 OPTIONS"),
        ("Max-Forwards", "5"),
        ("Via", "SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKother"),
    ]
    rng.shuffle(extra)
    draft.headers = extra + draft.headers if rng.random() < 0.4 else draft.headers + extra


def mcl01(draft: Draft, _: random.Random) -> None:
    draft.add("Content-Length", "1000")
    draft.add("l", "0")


def bcast(draft: Draft, _: random.Random) -> None:
    """An answer whose Via names somebody else."""
    draft.put("Via", "SIP/2.0/UDP 127.255.255.255;branch=z9hG4bK-bcast;received=255.255.255.255;rport=99999")


def zeromf(draft: Draft, rng: random.Random) -> None:
    draft.put("Max-Forwards", rng.choice(("0", "-1", "999999999999", "")))


def cparam01(draft: Draft, _: random.Random) -> None:
    draft.put("Contact", f'sip:+19725552222@{HERE};unknownparam;q=;expires=;+sip.instance="<urn:uuid:>"')


def cparam02(draft: Draft, _: random.Random) -> None:
    draft.put(
        "Contact", f"<sip:+19725552222@{HERE};unknownparam;maddr=127.0.0.2;transport=sctp;ttl=999;method=BYE;user=>"
    )


def regescrt(draft: Draft, _: random.Random) -> None:
    draft.put("Contact", f"<sip:user@{HERE}?Route=%3Csip:127.0.0.1%3E>")
    draft.add("Record-Route", "<sip:127.0.0.1:9?Route=x>, <sip:127.0.0.1:9;lr;lr;;lr=>, <sip:%00@127.0.0.1:9;lr>")


def sdp01(draft: Draft, _: random.Random) -> None:
    draft.add("Accept", "text/nobodyKnowsThis, */*;q=, ,")
    draft.carry(
        "v=0\r\no=mhandley 29739 7272939 IN IP4 127.0.0.3\r\ns=-\r\nc=IN IP4 127.0.0.4\r\nt=0 0\r\n"
        "m=video 492170 RTP/AVP 31\r\nm=audio 49217 RTP/AVP 0 12\r\na=rtpmap:31 LPC"
    )


def inv2543(draft: Draft, _: random.Random) -> None:
    """As it was before RFC 3261: no branch, no tags."""
    draft.put("Via", draft.get("Via").partition(";branch=")[0])
    draft.put("To", draft.get("To").partition(";tag=")[0])
    draft.put("From", draft.get("From").partition(";tag=")[0])
    draft.drop("Max-Forwards")


TORTURES: Final[dict[str, Torture]] = {
    torture.__name__: torture
    for torture in (
        wsinv, intmeth, esc01, escnull, esc02, lwsdisp, longreq, dblreq, semiuri, transports, mpart01,
        unreason, noreason, badinv01, clerr, ncl, scalar02, scalarlg, quotbal, ltgtruri, lwsruri, lwsstart,
        trws, escruri, baddate, regbadct, badaspec, baddn, badvers, mismatch01, mismatch02, bigcode,
        badbranch, insuf, unkscm, novelsc, unksm2, bext01, invut, regaut01, multi01, mcl01, bcast, zeromf,
        cparam01, cparam02, regescrt, sdp01, inv2543,
    )
}  # fmt: skip
