"""Builds the parts that a configuration describes; the only place that knows every adapter.

Each part is imported from its own module: who asks for the ledger must not wait for SSH and HTTP.
"""
