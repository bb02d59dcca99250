"""Asterisk's manager interface: commands, and every event with its instant in microseconds: the truth of the tests."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Mapping

Event = Mapping[str, str]


class Manager:
    """One connection, read by a thread of its own. ``at`` of an event is Unix time by Asterisk's own clock reading."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._socket.settimeout(None)
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._answers: dict[str, list[Event]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True, name="ami")
        self._reader.start()
        answer = self.action("Login", Username="uji", Secret="uji")
        if answer.get("Response") != "Success":
            raise ConnectionError(f"Asterisk refused the manager's login: {answer}")

    def action(self, name: str, **fields: str) -> Event:
        """Send one action and return its first answer. Raises TimeoutError after 5 s."""
        number = str(next(self._ids))
        lines = [f"Action: {name}", f"ActionID: {number}", *(f"{k}: {v}" for k, v in fields.items())]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._answers, 5):
                raise TimeoutError(f"Asterisk did not answer {name}")
            return self._answers[number][0]

    def command(self, line: str) -> str:
        """What the console prints for a command."""
        return self.action("Command", Command=line).get("Output", "")

    def events(self, wanted: Callable[[Event], bool] = lambda _: True) -> list[Event]:
        """All events so far that are wanted, in order."""
        with self._changed:
            return [event for event in self._events if wanted(event)]

    def wait_for(self, wanted: Callable[[Event], bool], within_s: float) -> Event:
        """The first wanted event, past or to come. Raises TimeoutError."""
        deadline = time.monotonic() + within_s
        with self._changed:
            while True:
                if found := next((event for event in self._events if wanted(event)), None):
                    return found
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"no such event within {within_s} s; {len(self._events)} others came")

    def close(self) -> None:
        """End the connection and its thread."""
        self._socket.close()

    def _read(self) -> None:
        buffer = b""
        while True:
            try:
                piece = self._socket.recv(65536)
            except OSError:
                return
            if not piece:
                return
            *messages, buffer = (buffer + piece).split(b"\r\n\r\n")
            with self._changed:
                for message in messages:
                    self._take(_parse(message.decode("utf-8", "replace")))
                self._changed.notify_all()

    def _take(self, message: Event) -> None:
        if "Event" in message:
            self._events.append(message)
        elif "ActionID" in message:
            self._answers.setdefault(message["ActionID"], []).append(message)


def _parse(message: str) -> Event:
    fields: dict[str, str] = {}
    for line in message.split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            value = value.strip()
            fields[key] = f"{fields[key]}\n{value}" if key == "Output" and key in fields else value
    return fields
