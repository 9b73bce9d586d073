"""What a person must do: one list, for `status`, the page, the metrics, and whoever is told."""

from sftp_sync.attention.concerns import Concern, Scene, concerns, general_concerns, is_spoken_of
from sftp_sync.attention.expected import Expectation
from sftp_sync.attention.leftovers import of_leftovers

__all__ = [
    "Concern",
    "Expectation",
    "Scene",
    "concerns",
    "general_concerns",
    "is_spoken_of",
    "of_leftovers",
]
