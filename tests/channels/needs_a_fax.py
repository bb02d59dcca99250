"""A channel whose library is not installed."""

import faxlib  # type: ignore[import-not-found]

Fax = faxlib.Fax
