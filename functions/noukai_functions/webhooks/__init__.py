"""Webhooks: their receivers, signatures and postings."""
