"""The partners' side: files on servers that are not ours."""
