"""How good a line must sound: limits of the configuration against what was measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from probe.detail import Detail, detail
from probe.outcome import MediaFigures, SoundFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """Beyond them a line that works is degraded. Levels in dBm0, clipping in percent of the samples."""

    mos: float = 3.6
    """Below it ITU-T G.109 calls speech of low quality (R = 70 in ITU-T G.107)."""
    mos_drop: float = 0.5
    """So far below the line's own usual MOS."""
    quiet_dbm0: float = -40.0
    loud_dbm0: float = -5.0
    clipped_percent: float = 2.0


DEFAULT = QualityLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one call measured, and the MOS that its line usually has (none where too little is known)."""

    media: MediaFigures | None = None
    sound: SoundFigures | None = None
    usual_mos: float | None = None


NOTHING_MEASURED = Measured()


def poor(measured: Measured, limits: QualityLimits = DEFAULT) -> Detail | None:
    """What is wrong with the sound of the line, the worst first; none when nothing is, or nothing was measured."""
    mos = measured.media.mos if measured.media is not None else None
    if mos is not None and mos < limits.mos:
        return detail("mos_low", mos=f"{mos:.2f}", limit=f"{limits.mos:.2f}", loss=_loss(measured.media))
    sound = measured.sound or SoundFigures()
    if sound.clipped is not None and 100.0 * sound.clipped > limits.clipped_percent:
        return detail("clipped", percent=f"{100.0 * sound.clipped:.1f}", limit=f"{limits.clipped_percent:g}")
    if sound.level_dbm0 is not None and sound.level_dbm0 > limits.loud_dbm0:
        return detail("too_loud", level=f"{sound.level_dbm0:.0f}", limit=f"{limits.loud_dbm0:g}")
    if sound.level_dbm0 is not None and sound.level_dbm0 < limits.quiet_dbm0:
        return detail("too_quiet", level=f"{sound.level_dbm0:.0f}", limit=f"{limits.quiet_dbm0:g}")
    usual = measured.usual_mos
    if mos is not None and usual is not None and mos < usual - limits.mos_drop:
        return detail("mos_dropped", mos=f"{mos:.2f}", usual=f"{usual:.2f}", loss=_loss(measured.media))
    return None


def _loss(media: MediaFigures | None) -> str:
    if media is None or not media.packets + media.lost:
        return "0.0"
    return f"{100.0 * media.lost / (media.packets + media.lost):.1f}"
