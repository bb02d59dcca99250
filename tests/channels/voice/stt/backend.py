"""A process in the place of the back end: it speaks the protocol, or breaks it in the way that is asked for."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator


def asked() -> Iterator[tuple[int, bytes]]:
    while line := sys.stdin.buffer.readline():
        head = json.loads(line)
        yield head["number"], sys.stdin.buffer.read(head["bytes"])


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def text_of(sound: bytes) -> str:
    return f"{len(sound)} bytes"


def main(how: str) -> None:  # noqa: C901, PLR0912 - a way of going wrong per branch
    if how == "deaf":
        time.sleep(3600)
    if how == "flood":
        while True:
            sys.stdout.write("no answer at all\n")
    if how == "endless line":
        while True:
            sys.stdout.write("x" * 65536)
    if how == "refuses":
        say({"error": "the model\x1b[2J cannot be read"})
        return
    say({"ready": True})
    for number, sound in asked():
        if number == 1 and how == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if number == 1 and how == "exit":
            sys.stderr.write("onnxruntime: out of memory\n")
            os._exit(255)
        if number == 1 and how == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(3600)
        if how == "garbage":
            for line in ("{", "[]", "null", '{"number": true, "text": "x"}', '{"number": 99, "text": "x"}', "\x00\xff"):
                sys.stdout.write(line + "\n")
            say({"number": number, "text": 5})
        if how == "chatter":
            say({"number": number, "text": "la " * 100_000})
            continue
        say({"number": number, "text": text_of(sound)})


if __name__ == "__main__":
    main(sys.argv[1])
