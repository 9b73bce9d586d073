"""Sample lists as partners send them: good rows, and every kind of trouble worth showing."""

from __future__ import annotations

from pathlib import Path

RENEWALS = """\
id;name;mobile;country
1001;Ada Lindqvist;+1 212 555 0100;US
1002;Grace Okafor;(212) 555-0101;US
1003;José Álvarez;+34 612 345 678;ES
1004;Wei Chen;212-555-0103 ext. 7;US
1005;Nora Schmidt;+49 30 901820;DE
1006;Excel Damaged;3.50E+11;US
1007;No Number;;US
1008;Vanity;1-800-FLOWERS;US
1009;Too Short;12345;US
1010;Ada Again;+12125550100;US
"""
NEWCOMERS = """\
Name,Telefon
Lena Fischer,+49 89 21600
Tom Becker,+49 40 428280
Mia Wagner,+49 221 2210
"""


def drop_samples(inbox: Path) -> list[Path]:
    """Write the lists the way partners do: one from a German Excel, one from an old system."""
    dropped = []
    lists = (
        ("renewals-2026-11.csv", RENEWALS, "utf-8-sig"),
        ("neukunden.csv", NEWCOMERS, "cp1252"),
    )
    for name, text, encoding in lists:
        path = inbox / name
        path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
        dropped.append(path)
    return dropped
