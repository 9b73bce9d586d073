"""What the ledger's schema was, step by step."""
