"""A workbook read back by another library than the one that wrote it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import openpyxl
import pandas as pd

HEADINGS_ROW = 5
"""Row of the 16 headings, from 1; the single facts stand below it, then the tests."""


def opened(data: bytes) -> Any:
    """The workbook as openpyxl sees it, formulas as formulas."""
    return openpyxl.load_workbook(BytesIO(data))


def rows_of(data: bytes) -> pd.DataFrame:
    """The sheet of the 16 columns: a row per test, a column per fact, named ``group/fact``."""
    sheet = opened(data).worksheets[1]
    groups, group = list[str](), ""
    for cell in sheet[HEADINGS_ROW]:
        group = cell.value or group
        groups.append(group)
    facts = [cell.value for cell in sheet[HEADINGS_ROW + 1]]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADINGS_ROW + 2)]
    return pd.DataFrame(rows, columns=[f"{g}/{f}" for g, f in zip(groups, facts, strict=True)], dtype=object)


def groups_of(data: bytes) -> list[list[Any]]:
    """The table by group of the first sheet, without its headings; the last row is all of them together."""
    sheet = opened(data).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    begins = next(
        n for n, row in enumerate(rows) if row[0] in ("Layanan", "Service") and row[1] in ("Kanal", "Channel")
    )
    table = []
    for row in rows[begins + 1 :]:
        if row[0] is None:
            break
        table.append(row)
    return table
