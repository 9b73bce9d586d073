"""The status page over a real socket: who is let in, what is answered, and that nothing leaks."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from sqlalchemy import insert, text

from sftp_sync.config.form import Web
from sftp_sync.errors import NeedsOperator, RemoteRefused, RemoteUnavailable, SyncError
from sftp_sync.ledger.schema import runs
from sftp_sync.web import StatusServer
from sftp_sync.wiring.targets import concerns_now
from tests.support.boards import HOSTILE_NAME, NOW, SETTINGS, Board, a_board, fill
from tests.support.builders import an_arrival, enter_file, sha256_of
from tests.support.databases import written

PAGES = ("/", "/campaigns/reminders", "/campaigns/surveys")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with a_board(tmp_path_factory.mktemp("board"), prepare=fill) as board:
        yield board


def samples(board: Board) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(board.get("/metrics").body):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


class TestTheDoor:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "localhost:1", "LocalHost", "[::1]:8321", "127.0.0.1:80"]
    )
    def test_lets_in_who_asks_for_this_machine(self, board: Board, host: str) -> None:
        assert board.get("/healthz", Host=host).status == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "127.0.0.1.nip.io",
            "",
            "[::1",
            "a:b",
        ],
    )
    @pytest.mark.parametrize("path", ["/", "/metrics", "/look.css", "/nowhere"])
    def test_keeps_out_who_asks_for_another(self, board: Board, host: str, path: str) -> None:
        answer = board.get(path, Host=host)
        assert answer.status in {400, 421}
        assert "renewals" not in answer.body

    def test_keeps_out_who_names_no_host_or_two(self, board: Board) -> None:
        address = ("127.0.0.1", int(board.server.address.rpartition(":")[2]))
        for hosts in ("", "Host: localhost\r\nHost: evil.example\r\n"):
            with socket.create_connection(address, timeout=5) as asking:
                asking.sendall(f"GET / HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
                assert asking.recv(64).split()[1] in {b"400", b"421"}

    def test_lets_in_the_host_that_is_configured(self, tmp_path: Path) -> None:
        with a_board(tmp_path) as board:
            other = StatusServer(Web(listen="localhost:0"), board.sources())
            board.server.stop()
            board.server = other
            other.start()
            assert board.get("/healthz", Host="localhost:9").status == 200

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    def test_is_only_to_look_through(self, board: Board, method: str) -> None:
        answer = board.get("/", method=method)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD"

    @pytest.mark.parametrize("path", [*PAGES, "/healthz", "/look.css", "/nowhere", "/metrics"])
    def test_sends_what_keeps_browsers_safe_with_every_answer(
        self, board: Board, path: str
    ) -> None:
        headers = board.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers

    def test_answers_heads_without_bodies(self, board: Board) -> None:
        answer = board.get("/", method="HEAD")
        assert (answer.status, answer.body) == (200, "")

    def test_says_which_address_is_taken(self, board: Board) -> None:
        port = board.server.address.rpartition(":")[2]
        second = StatusServer(Web(listen=f"127.0.0.1:{port}"), board.sources())
        with pytest.raises(NeedsOperator, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            second.start()
        assert "web.listen" in caught.value.fix


class TestSilentVisitors:
    """Each of these kept everybody else out before."""

    @pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: loc"])
    def test_keep_nobody_out_and_are_sent_away(self, board: Board, said: bytes) -> None:
        host, port = board.server.address.removeprefix("http://").split(":")
        with ExitStack() as visits:
            silent = [
                visits.enter_context(socket.create_connection((host, int(port)))) for _ in range(60)
            ]
            for one in silent:
                one.sendall(said)
            assert board.get("/healthz").status == 200
            for one in silent:
                one.settimeout(20)
                with suppress(ConnectionResetError):
                    assert one.recv(1) == b""
            assert board.get("/healthz").status == 200


class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    def test_escape_whatever_comes_from_outside(self, board: Board, path: str) -> None:
        page = board.get(path).body
        assert "<img" not in page
        assert "<script>alert" not in page
        assert "<b>release" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert re.findall("<script[^>]*>", page) == ['<script src="/refresh.js" defer>']
        for tag in re.findall("<[^>]*>", page):
            bare = re.sub('"[^"]*"', '""', tag)
            assert not re.search(r"\son\w+=|\sstyle=", bare), tag
            assert "javascript:" not in tag

    def test_tell_what_is_wrong_before_anything_else(self, board: Board) -> None:
        page = board.get("/").body
        assert "<title>5 things need you. · sftp-sync</title>" in page
        order = [page.index(f'id="{part}"') for part in ("attention", "sending", "campaigns")]
        assert order == sorted(order)
        concerns = page[order[0] : order[1]]
        assert concerns.index("host key") < concerns.index("No file has come on Friday")
        assert "<code>sftp-sync test-connection renewals</code>" in concerns

    def test_show_no_whole_number(self, board: Board) -> None:
        page = board.get("/campaigns/reminders").body
        assert "+1212…0008" in page
        for path in PAGES:
            assert not re.search(r"\+?1212555\d{4}", board.get(path).body)

    def test_name_what_is_there_and_say_what_is_not(self, board: Board) -> None:
        answer = board.get("/campaigns/nobody")
        assert answer.status == 404
        assert "There is no such campaign here." in answer.body
        assert board.get("/campaigns/%3Cscript%3E").status == 404
        assert board.get("/../../etc/passwd").status == 404

    def test_of_an_installation_without_trouble_are_calm(self, tmp_path: Path) -> None:
        with a_board(tmp_path, {"renewals": {}}, prepare=_tested) as board:
            page = board.get("/").body
        assert "Nothing needs you." in page
        assert 'id="attention"' not in page
        assert '<span class="doing doing-ready">ready</span>' in page

    def test_show_a_file_with_a_hostile_name_as_text(self, board: Board) -> None:
        page = board.get("/").body
        assert HOSTILE_NAME[:2] == '">'
        assert "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;\\u202efdp.csv" in page

    def test_say_so_when_the_ledger_does_not_answer(self, tmp_path: Path) -> None:
        with a_board(tmp_path, {"renewals": {}}) as board:
            with written(board.ledger) as connection:
                connection.execute(text("ALTER TABLE notices RENAME TO gone"))
            board.server.stop()
            board.server = StatusServer(Web(listen="127.0.0.1:0"), board.sources())
            board.server.start()
            page, ready = board.get("/"), board.get("/readyz")
            assert (page.status, ready.status) == (503, 503)
            assert "cannot be used" in page.body
            assert json.loads(ready.body)["ready"] is False
            assert board.get("/healthz").status == 200
            found = samples(board)
        assert found["sftp_sync_ledger_up"] == [({}, 0.0)]
        assert "sftp_sync_rows" not in found


class TestReadiness:
    def test_names_the_campaigns_that_could_not_run(self, board: Board) -> None:
        answer = board.get("/readyz")
        document = json.loads(answer.body)
        assert answer.status == 503
        assert document["ready"] is False
        assert set(document["campaigns"]) == {"renewals", "reminders"}
        assert "host key" in document["campaigns"]["renewals"][0]

    def test_is_there_where_all_that_are_enabled_can_run(self, tmp_path: Path) -> None:
        settings: dict[str, dict[str, Any]] = {"renewals": {}, "former": {"enabled": False}}
        with a_board(tmp_path, settings, prepare=_tested) as board:
            answer = board.get("/readyz")
        assert answer.status == 200
        assert json.loads(answer.body) == {"ready": True, "campaigns": {}}

    @pytest.mark.parametrize(
        ("cause", "problem", "failures", "is_ready"),
        [
            ("collect", RemoteRefused("No.", step="list_import"), 1, False),
            ("collect", RemoteUnavailable("It is down."), None, False),
            ("collect", RemoteUnavailable("It is down."), 3, False),
            ("collect", RemoteUnavailable("It is down."), 2, True),
            ("publish", RemoteUnavailable("It is down."), 3, True),
            ("suppression", NeedsOperator("The list is too old."), 0, False),
            ("delivery", RemoteRefused("No.", step="write_export"), 0, True),
        ],
    )
    def test_is_not_there_where_lists_do_not_come_in_or_rows_do_not_go_out(
        self,
        tmp_path: Path,
        cause: str,
        problem: SyncError,
        failures: int | None,
        *,
        is_ready: bool,
    ) -> None:
        said = partial(_said_of, cause=cause, problem=problem, failures=failures)
        with a_board(tmp_path, {"renewals": {}}, prepare=said) as board:
            assert board.get("/readyz").status == (200 if is_ready else 503)
            assert samples(board)["sftp_sync_campaign_ready"][0][1] == is_ready

    def test_is_not_there_before_the_first_test(self, tmp_path: Path) -> None:
        with a_board(tmp_path, {"renewals": {}}) as board:
            answer = board.get("/readyz")
        assert answer.status == 503
        (reason,) = json.loads(answer.body)["campaigns"]["renewals"]
        assert reason.endswith("Type: sftp-sync test-connection renewals")


class TestMetrics:
    def test_count_what_the_ledger_holds(self, board: Board) -> None:
        found = samples(board)

        def of(name: str, **labels: str) -> float:
            (number,) = [value for said, value in found[name] if said == labels]
            return number

        assert of("sftp_sync_rows", campaign="surveys", state="accepted") == 11 * 60 + 45
        assert of("sftp_sync_rows", campaign="surveys", state="pending") == 75
        assert of("sftp_sync_files", campaign="surveys", state="finished") == 11
        assert of("sftp_sync_calls_accepted_total", campaign="surveys") == 11 * 60 + 45
        assert of("sftp_sync_balance_missing_rows", campaign="surveys") == 0
        assert of("sftp_sync_rows_needing_a_person", campaign="reminders") == 1
        assert of("sftp_sync_campaign_ready", campaign="renewals") == 0
        assert of("sftp_sync_campaign_ready", campaign="surveys") == 1
        assert of("sftp_sync_campaign_paused", campaign="pausing") == 1
        assert of("sftp_sync_partner_refusals", campaign="renewals") == 3
        assert of("sftp_sync_attention", scope="renewals", cause="host_key_changed") == 1
        assert of("sftp_sync_attention_count") == 5
        success = of("sftp_sync_last_success_timestamp_seconds", campaign="surveys", step="collect")
        assert success == NOW.timestamp() - 50 * 60
        next_run = of("sftp_sync_next_run_timestamp_seconds", campaign="surveys", step="collect")
        assert next_run > NOW.timestamp()
        assert of("sftp_sync_disk_free_bytes") > 0
        assert of("sftp_sync_ledger_bytes") > 0

    def test_count_what_was_overheard(self, tmp_path: Path) -> None:
        with a_board(tmp_path, {"renewals": {}}) as board:
            for answer, seconds in (("201", 0.2), ("429", 0.02), ("201", 3.0)):
                board.meters.overhear("vendor", "POST", answer, seconds)
            found = samples(board)
        labels = {"account": "vendor", "method": "POST"}
        requests = {
            said["answer"]: value for said, value in found["sftp_sync_vendor_requests_total"]
        }
        assert requests == {"201": 2.0, "429": 1.0}
        assert (labels, 3.0) in found["sftp_sync_vendor_request_seconds_count"]
        assert ({**labels, "le": "0.25"}, 2.0) in found["sftp_sync_vendor_request_seconds_bucket"]

    def test_have_no_campaign_that_is_off_among_those_that_must_be_ready(
        self, board: Board
    ) -> None:
        ready = {said["campaign"] for said, _ in samples(board)["sftp_sync_campaign_ready"]}
        assert ready == {*SETTINGS} - {"former"}

    def test_do_not_count_double_after_a_restart(self, tmp_path: Path) -> None:
        with a_board(tmp_path, {"renewals": {}}) as board:
            board.server.stop()
            board.server = StatusServer(Web(listen="127.0.0.1:0"), board.sources())
            board.server.start()
            assert board.get("/metrics").status == 200


class TestDashboards:
    """Every metric, label and state they name is there."""

    @staticmethod
    def expressions() -> list[str]:
        folder = files("sftp_sync.web")
        dashboard = json.loads((folder / "grafana.json").read_text("utf-8"))
        targets = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]
        queries = [one["query"] for one in dashboard["templating"]["list"]]
        rules = YAML(typ="safe").load((folder / "alerts.yaml").read_text("utf-8"))
        alerts = [one["expr"] for group in rules["groups"] for one in group["rules"]]
        assert len(targets) > 15
        assert len(alerts) > 10
        return [*targets, *queries, *alerts]

    def test_name_only_what_is_told(self, board: Board) -> None:
        board.meters.overhear("vendor", "POST", "201", 0.1)
        told = samples(board).keys()
        named = {name for one in self.expressions() for name in re.findall(r"sftp_sync_\w+", one)}
        assert len(named) > 15
        assert named - told == set()

    def test_name_only_labels_and_states_that_are_told(self, board: Board) -> None:
        board.meters.overhear("vendor", "POST", "201", 0.1)
        found = samples(board)
        labels = {label for some in found.values() for said, _ in some for label in said}
        states = {said["state"] for said, _ in found["sftp_sync_rows"]}
        for one in self.expressions():
            for inside in re.findall(r"\{([^}]*)\}", one):
                assert {part.split("=")[0].strip("~!") for part in inside.split(",")} <= labels | {
                    "job"
                }
            for grouped in re.findall(r"by \(([^)]*)\)", one):
                assert {label.strip() for label in grouped.split(",")} <= labels
            for chosen in re.findall(r'state=~?"([^"]*)"', one):
                assert set(chosen.split("|")) <= states

    def test_have_panels_that_do_not_overlap(self) -> None:
        dashboard = json.loads((files("sftp_sync.web") / "grafana.json").read_text("utf-8"))
        taken: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            place = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert not place & taken
            assert at["x"] + at["w"] <= 24
            taken |= place
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_a_campaign_out_of_the_configuration_is_on_the_page_in_the_metrics_and_announced(
    tmp_path: Path,
) -> None:
    def prepare(board: Board) -> None:
        _tested(board)
        with board.ledger.leases.hold("collect:renewals") as lease:
            enter_file(board.ledger, lease)
            arrival = an_arrival(board.campaign("surveys"), sha256=sha256_of("surveys"))
            enter_file(board.ledger, lease, arrival=arrival)

    with a_board(tmp_path, {"surveys": {}}, prepare) as board:
        assert "Campaign renewals is not in the configuration any more" in board.get("/").body
        (told,) = samples(board)["sftp_sync_attention"]
        assert told == ({"scope": "renewals", "cause": "campaign_not_configured"}, 1)
        assert [one.cause for one in concerns_now(board.config, board.ledger)] == [told[0]["cause"]]
        page = board.get("/campaigns/surveys").body
        assert "results: 3 rows to come" in page


def _said_of(board: Board, cause: str, problem: SyncError, failures: int | None = None) -> None:
    _tested(board)
    board.ledger.notices.post("renewals", cause, problem, NOW)
    if failures is not None:
        with written(board.ledger) as connection:
            ran = {"campaign": "renewals", "step": "collect", "planned": "hourly", "since": NOW}
            connection.execute(insert(runs).values(**ran, failures=failures))


def _tested(board: Board) -> None:
    for name in board.config.campaigns:
        connection = board.campaign(name).connection
        board.ledger.campaigns.tested(name, connection, NOW, passed=True)
        board.ledger.campaigns.collected(name, NOW)
