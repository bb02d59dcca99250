"""Point 3: the whole table of verdicts again, with what a line does to a call."""

from __future__ import annotations

from prove import verdicts
from prove.campaign import Campaign

CAMPAIGN = Campaign(
    "line",
    3,
    'The whole table "Verdict, stage, reason" of the contract that concerns calls, again: now with voicemail '
    "(kotak-suara), one-way audio in each direction (satu-arah-dengar, satu-arah-bicara), dead air (ivr-bisu, "
    "tombol-mati, udara-mati), echo (gema) and a clipped line (suara-pecah).",
    verdicts.run,
)
