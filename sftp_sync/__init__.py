"""Contact lists in over SFTP, each contact queued once, call results back."""
