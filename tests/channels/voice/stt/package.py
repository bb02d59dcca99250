"""Something in the place of the package sherpa-onnx and of a model: it says how long and how loud what it heard was."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = """
class _Stream:
    def accept_waveform(self, rate, samples):
        self.said = f" heard {len(samples) / rate:.1f} s at {abs(samples).max():.2f} "


class OfflineRecognizer:
    @classmethod
    def from_whisper(cls, **options):
        print("a library that talks on stdout")
        made = cls()
        made.told = f"({options['language']} {options['num_threads']})"
        return made

    def create_stream(self):
        return _Stream()

    def decode_stream(self, stream):
        stream.result = type("Result", (), {"text": stream.said + self.told})
"""
MODEL = ("encoder.onnx", "decoder.onnx", "tokens.txt")


def install(folder: Path, package: str = _PACKAGE) -> Path:
    """A folder that is a model, and to be put on PYTHONPATH."""
    folder.mkdir(exist_ok=True)
    (folder / "sherpa_onnx.py").write_text(package, "utf-8")
    for name in MODEL:
        (folder / name).touch()
    return folder
