"""The recording of a call: stereo WAV, 8 kHz, 16 bits, left what we sent, right what we heard.

The header is brought up to date every second, so that the file is sound whatever kills the process.
"""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8000
_HEADER_BYTES: Final = 44
_FRAME_BYTES: Final = 4
_UPDATE_SAMPLES: Final = RATE_HZ
_MAX_SAMPLES: Final = 4 * 3600 * RATE_HZ
"""Four hours: far above any cap, far below WAV's 4 GiB."""


class Recorder:
    """Appends pairs of PCM. With ``hide_from`` the rest, from an instant that may lie in the past, becomes silence."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=0)
        self._samples = 0
        self._counted = 0
        self._hidden = False
        self._write_header()

    def append(self, sent: NDArray[np.int16], heard: NDArray[np.int16]) -> None:
        """Two blocks of the same length."""
        if self._samples + len(heard) > _MAX_SAMPLES:
            return
        pairs = np.zeros((len(heard), 2), dtype="<i2")
        if not self._hidden:
            pairs[:, 0], pairs[:, 1] = sent, heard
        self._file.seek(_HEADER_BYTES + self._samples * _FRAME_BYTES)
        self._put(pairs.tobytes())
        self._samples += len(heard)
        if self._samples - self._counted >= _UPDATE_SAMPLES:
            self._write_header()

    def hide_from(self, second: float) -> None:
        """Silence from here on, and back to ``second`` of the recording: a person speaks who was not asked."""
        self._hidden = True
        start = min(max(int(second * RATE_HZ), 0), self._samples)
        self._file.seek(_HEADER_BYTES + start * _FRAME_BYTES)
        self._put(bytes((self._samples - start) * _FRAME_BYTES))

    def show(self) -> None:
        """Record again: it was no person."""
        self._hidden = False

    def close(self) -> None:
        """Bring the header up to date for the last time. Idempotent."""
        if not self._file.closed:
            self._write_header()
            self._file.close()

    def _put(self, data: bytes) -> None:
        """Raises OSError also for a part: a disk that fills up takes the beginning without a word."""
        if self._file.write(data) != len(data):
            raise OSError(errno.ENOSPC, f"the disk is full; the recording ends after {self._samples // RATE_HZ} s")

    def _write_header(self) -> None:
        size = self._samples * _FRAME_BYTES
        header = struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF", _HEADER_BYTES - 8 + size, b"WAVE",
            b"fmt ", 16, 1, 2, RATE_HZ, RATE_HZ * _FRAME_BYTES, _FRAME_BYTES, 16,
            b"data", size,
        )  # fmt: skip
        self._file.seek(0)
        self._put(header)
        self._counted = self._samples
