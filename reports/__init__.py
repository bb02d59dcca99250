"""Figures on paper: the daily report and the list of test contacts, as XLSX, HTML and CSV."""
