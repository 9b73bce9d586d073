"""Every event that is logged, and what it means: the words that scripts and alerts may rely on."""

from __future__ import annotations

from collections.abc import Mapping

EVENTS: Mapping[str, str] = {
    # The daemon.
    "daemon_started": "It is ready: what is due is sent, the schedule runs.",
    "daemon_stopping": "It was told to stop, and finishes the requests in flight.",
    "daemon_stopped": "Its end; `is_all_over` is false where something was cut short.",
    "daemon_unwell": "`stuck` does not move: systemd will start it again.",
    "watchman_failed": "A bug: nobody looks for due rows any more; systemd will start it again.",
    "clock_jumped": "The clock was set, or the machine slept: every time is worked out anew.",
    "configuration_loaded": "A new configuration is in force.",
    "configuration_refused": "A new configuration is wrong, the old one stays: `reason`, `fix`.",
    "visit_cut_short": "A campaign's run was stopped between two pieces of work; it is due again.",
    "visit_failed": "A campaign's run could not be written down; it is tried again in seconds.",
    "status_page": "The status page is served at `address`.",
    "housekeeping_failed": "Housekeeping did not work: `reason`. It is tried again.",
    "house_kept": "Old personal data was emptied, its rows and leftovers removed, once a day.",
    "round_failed": "Telling people or keeping the house (`job`) did not work; it is tried again.",
    "status_page_failed": "The status page cannot be served: `reason`. Everything else goes on.",
    "announced": "What needs a person, or no longer does, was told to `target`.",
    "announcing_failed": "It could not be told: `reason`. It is tried again with growing pauses.",
    # The steps.
    "step_failed": "A step of a campaign or an account did not work: `reason`. It is tried again.",
    "file_collected": "A list is in the ledger, or was refused: `state`.",
    "file_delivered": "A receipt, rejects or results are at the partner's: `path`.",
    "file_failed": "A bug met in one list; the others go on.",
    "suppression_list_taken": "A do-not-call list was read.",
    "suppression_list_refused": "A do-not-call list cannot be read: `reason`.",
    "unknown_call_status": "The vendor uses a status that is not documented.",
    "ledger_unavailable": "The database is locked, away or out of room: `reason`.",
    "ledger_restored": "The ledger is a backup put back: due rows are looked into before sending.",
    # Sending.
    "row_answered": "A row was sent, and what became of it: `state`, `call_id`, `outcome`.",
    "answer_too_late": "An answer came when its row had been decided on.",
    "answer_not_recorded": "An answer could not be written down yet; it is tried until it can.",
    "campaign_idle": "A campaign has nothing to send at this moment (only with `--verbose`).",
    "draft_answered": "A file's campaign was made at the vendor's, or not: `outcome`.",
    "campaign_start_answered": "A file's campaign was started at the vendor's, or not: `outcome`.",
    "calls_not_read_whole": "The vendor's list of calls is too long to be read to its end.",
    "campaign_not_told": "The vendor does not tell of a file's campaign: `reason`.",
    "campaign_found_started": "A start in doubt was found to have worked.",
    "draft_left_behind": "A campaign made at the vendor's is not used: `reason`.",
    "doubt_needs_a_person": "Nothing but a person can settle a row in doubt: `reason`.",
    "ended_badly": "A request that was under way at the end could not be written down: `reason`.",
    "look_failed": "The vendor's list of calls could not be had: `reason`.",
    "rows_taken_over": "Rows were under way when their sender died; they are looked into.",
    "sending_elsewhere": "Another process sends an account's rows; it is waited for.",
    "sending_failed": "A bug ended an account's sending; it begins again.",
    "sending_interrupted": "An account's sending ended: `reason`. It begins again.",
    "sending_stopped": "The vendor does not take calls of a campaign: `reason`.",
    "vendor_not_well": "The vendor does not answer yet: `reason`.",
}
