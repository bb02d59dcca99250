"""Hearing: from 8 kHz samples to observations. Pure numpy; no telephony, no clock, no process."""
