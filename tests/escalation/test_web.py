"""What siaga sends out goes only where the configuration says, over verified lines, and never waits long."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from escalation import web as web_module
from escalation.web import NotTakenError, Web
from tests.escalation.receiver import Receiver
from tests.farends import ports


async def failure(url: str) -> str:
    web = Web()
    try:
        with pytest.raises(NotTakenError) as caught:
            await web.send("POST", url, body={"a": 1})
    finally:
        await web.close()
    said = str(caught.value)
    assert "s3cret" not in said
    assert "s3cret" not in repr(caught.value.__cause__)
    return said


async def test_any_2xx_is_content_and_the_body_is_json(receiver: Receiver) -> None:
    web = Web()
    await web.send("POST", receiver.url, body={"kata": "é"}, headers={"Idempotency-Key": "k"})
    await web.send("GET", receiver.url)
    await web.close()
    post, get = receiver.came
    assert post.line == "POST /hook/s3cret HTTP/1.1"
    assert (post.json, post.headers["idempotency-key"]) == ({"kata": "é"}, "k")
    assert post.headers["user-agent"].startswith("siaga/")
    assert get.line == "GET /hook/s3cret HTTP/1.1"


async def test_a_redirection_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [f"302 Found\r\nLocation: {receiver.url}/elsewhere"]
    assert await failure(receiver.url) == "answered 302: redirections are not followed"
    assert len(receiver.came) == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Oops", "503 Later"])
async def test_every_other_answer_is_a_refusal(receiver: Receiver, status: str) -> None:
    receiver.answers = [status]
    assert await failure(receiver.url) == f"answered {status[:3]}"


async def test_an_answer_without_end_is_not_read() -> None:
    web = Web()
    async with Receiver(endless=True, answers=["200 OK"]) as receiver:
        await web.send("GET", receiver.url)
    await web.close()


async def test_who_never_answers_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_module, "TOTAL_S", 0.2)
    receiver.answers = [None]
    assert "no answer" in await failure(receiver.url)


async def test_nobody_there_is_told_by_its_cause() -> None:
    assert await failure(f"http://127.0.0.1:{ports.free()}/s3cret") == "Connection refused"
    assert "not known" in await failure("https://tidak-ada.invalid/s3cret")


async def test_a_certificate_is_verified_with_the_authorities_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA).configure_cert(context)
    async with Receiver(tls=context) as receiver:
        assert (await failure(receiver.url)).startswith("TLS: ")
        assert receiver.came == []
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        web = Web()
        await web.send("GET", receiver.url)
        await web.close()
        assert len(receiver.came) == 1
