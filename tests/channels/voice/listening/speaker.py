"""A process that speaks: one line of JSON in, one utterance out, each from a fresh copy of espeak-ng.

espeak-ng carries its phase from one utterance to the next, so that a sentence would sound otherwise (to a waveform
correlation) depending on which tests ran before. A forked copy that has never spoken says it always the same way.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import struct
import subprocess
import sys
from functools import cache

import espeakng_loader

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_SYNCHRONOUS, _UTF8, _RATE_PARAMETER = 2, 1, 1


@cache
def _process() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.channels.voice.listening.speaker"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def stop() -> None:
        process.communicate(timeout=10)

    atexit.register(stop)
    return process


def speak(text: str, voice: str, speed: int) -> tuple[int, bytes]:
    """Sampling rate and 16 bit samples of an utterance."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([text, voice, speed]).encode() + b"\n")
    process.stdin.flush()
    rate, length = struct.unpack("<II", process.stdout.read(8))
    return rate, process.stdout.read(length)


def _say(library: ctypes.CDLL, rate: int, line: bytes) -> None:
    text, voice, speed = json.loads(line)
    heard: list[bytes] = []

    def take(wav: int | None, count: int, _events: int | None) -> int:
        if wav and count > 0:
            heard.append(ctypes.string_at(wav, 2 * count))
        return 0

    callback = _CALLBACK(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(voice.encode())
    library.espeak_SetParameter(_RATE_PARAMETER, speed, 0)
    raw = text.encode()
    library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, _UTF8, None, None)
    sound = b"".join(heard)
    sys.stdout.buffer.write(struct.pack("<II", rate, len(sound)) + sound)
    sys.stdout.buffer.flush()


def main() -> None:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    while line := sys.stdin.buffer.readline():
        child = os.fork()
        if child == 0:
            _say(library, rate, line)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
