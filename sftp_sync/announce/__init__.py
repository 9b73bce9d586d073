"""Tells those who are named in `notify` what a person must do: once per cause, again when it
changes, and once when it is over.
"""

from sftp_sync.announce.announcer import Announcer, Target
from sftp_sync.announce.heartbeat import beat
from sftp_sync.announce.letter import Letter, trial
from sftp_sync.announce.mail import send_mail
from sftp_sync.announce.webhook import call_webhook

__all__ = ["Announcer", "Letter", "Target", "beat", "call_webhook", "send_mail", "trial"]
