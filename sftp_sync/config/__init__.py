"""The configuration: config.yaml as frozen types, or every problem of it at once."""

from sftp_sync.config.accounts import Account, Sftp
from sftp_sync.config.campaigns import CampaignSettings
from sftp_sync.config.describe import describe
from sftp_sync.config.find import find_config
from sftp_sync.config.form import CampaignConfig, Config, Notify, Web
from sftp_sync.config.kathan import KathanSettings
from sftp_sync.config.load import digest_of, load
from sftp_sync.config.problems import ConfigProblems, Problem
from sftp_sync.config.schedule import Expect, Schedule
from sftp_sync.config.secret import Secret

__all__ = [
    "Account",
    "CampaignConfig",
    "CampaignSettings",
    "Config",
    "ConfigProblems",
    "Expect",
    "KathanSettings",
    "Notify",
    "Problem",
    "Schedule",
    "Secret",
    "Sftp",
    "Web",
    "describe",
    "digest_of",
    "find_config",
    "load",
]
