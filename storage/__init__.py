"""The record: evidence files, and the ledger of dialled calls."""
