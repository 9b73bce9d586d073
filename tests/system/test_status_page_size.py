"""The page of a large installation: 200 campaigns, 1,000,000 rows."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.boards import NOW, Board, a_board
from tests.support.daemons import eventually
from tests.support.databases import written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CAMPAIGNS, FILES_EACH, ROWS_EACH = 200, 10, 500
SETTINGS = {f"campaign-{number:03}": {} for number in range(CAMPAIGNS)}
MICROSECONDS = int(NOW.timestamp() * 1_000_000)
FILES = """
INSERT INTO files (campaign, destination_id, name, name_raw, size, sha256, state, received_at,
                   original, reading, total)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :files)
SELECT printf('campaign-%03d', i / 10), 1, printf('list-%d.csv', i % 10), x'00', 1,
       printf('%064d', i), CASE WHEN i % 10 = 9 THEN 'dispatching' ELSE 'finished' END,
       :now - (10 - i % 10) * 86400000000, 1, 'r', :rows FROM n
"""
ROWS = """
INSERT INTO rows (file_id, destination_id, line, state, phone, cells, call_id, call_status,
                  queued_at, over_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows)
SELECT f.id, 1, n.i + 2, CASE WHEN f.state = 'dispatching' AND n.i % 2 THEN 'pending'
       ELSE 'accepted' END, printf('+1%05d%05d', f.id, n.i), '["Ann", "Somewhere 12", "x"]',
       CASE WHEN f.state = 'dispatching' AND n.i % 2 THEN NULL ELSE printf('c-%d-%d', f.id, n.i)
       END, 'completed', f.received_at + n.i * 1000000, f.received_at + n.i * 1000000
FROM files f, n
"""


def fill(board: Board) -> None:
    with written(board.ledger) as connection:
        connection.execute(text("INSERT INTO destinations (id, identity) VALUES (1, 'vendor')"))
        files = {"files": CAMPAIGNS * FILES_EACH, "now": MICROSECONDS, "rows": ROWS_EACH}
        connection.execute(text(FILES), files)
        connection.execute(text(ROWS), {"rows": ROWS_EACH})
    assert board.ledger.summaries.note_endings(NOW) == CAMPAIGNS * (FILES_EACH - 1)


def test_a_page_over_a_million_rows_is_there_in_half_a_second(tmp_path: Path) -> None:
    with a_board(tmp_path, SETTINGS, prepare=fill) as board:
        eventually(lambda: 'id="days-chart-title"' in board.get("/").body, "all is counted", 60)
        took = []
        for _ in range(5):
            # What was looked at before is old now.
            board.seconds_later += 1000
            began = time.monotonic()
            page = board.get("/")
            took.append(time.monotonic() - began)
            assert page.status == 200
        assert page.body.count('class="doing ') == CAMPAIGNS
        # Others may be at work on this machine; the best is what it takes.
        assert min(took) < 0.5, took
