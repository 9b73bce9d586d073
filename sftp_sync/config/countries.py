"""The countries whose phone numbers can be read, by their ISO 3166 codes."""

from __future__ import annotations

import re

# As phonenumbers has them, whose door is elsewhere; a test holds them together.
CODES = """
AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG
EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR
LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF
NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD
SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW
TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(CODES.split())
SLIPS = {"UK": "GB", "EN": "GB", "GBR": "GB", "USA": "US", "EL": "GR", "GRC": "GR", "UAE": "AE",
         "DEU": "DE", "GER": "DE", "AUT": "AT", "CHE": "CH", "SUI": "CH", "FRA": "FR", "ESP": "ES",
         "ITA": "IT", "NLD": "NL", "PRT": "PT", "IRL": "IE", "POL": "PL", "SWE": "SE", "DNK": "DK",
         "CAN": "CA", "MEX": "MX", "BRA": "BR", "IND": "IN", "CHN": "CN", "JPN": "JP",
         "AUS": "AU"}  # fmt: skip


def region_code(written: str) -> str:
    """An ISO 3166 country code."""
    meant = SLIPS.get(written.upper())
    if meant:
        raise ValueError(f'"{written}" is no country code. Write {meant}.')
    if written in COUNTRIES:
        return written
    if written.upper() in COUNTRIES:
        raise ValueError(f"must be a country code of two capitals. Write {written.upper()}.")
    if re.fullmatch("[A-Za-z]{2}", written):
        raise ValueError(
            f'"{written}" is the code of no country that has phone numbers. '
            "Write the one of ISO 3166, such as US or DE."
        )
    raise ValueError("must be a country code of two capitals such as US or DE.")
