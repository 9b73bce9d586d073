# ruff: noqa: E501, RUF001 - one list a line makes this a table; its letters are those of the lists
"""Every list that partners have been seen to send, one line each: what it is, its bytes, and the
rows that come out. First those that are read, then those that are refused with a sentence.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from sftp_sync.errors import FileRefused
from sftp_sync.model import FileRules
from tests.support.lists import Bad, Good, read_list, rows_xml, sheet_xml, workbook, zipped

ANN = ["+12125550100", "Ann"]
BOB = ["+12125550101", "Bob"]
TWO = "phone,name\n+12125550100,Ann\n+12125550101,Bob\n"
UMLAUTS = "telefon;name\n+4930123456;Müller\n+4930123457;Weiß & Söhne\n"
MUELLER = [["+4930123456", "Müller"], ["+4930123457", "Weiß & Söhne"]]
GRID: Sequence[Sequence[object]] = [["phone", "name"], ANN, BOB]


def sheet(*rows: Sequence[object]) -> bytes:
    return workbook({"List": rows})


def xml(rows: str, **parts: str) -> bytes:
    return workbook({"List": sheet_xml(rows, **parts)})


DELIMITED = [
    Good("a plain CSV", TWO.encode(), how=", utf-8"),
    Good("semicolons", TWO.replace(",", ";").encode(), how="; utf-8"),
    Good("tabs", TWO.replace(",", "\t").encode(), how="\t utf-8"),
    Good("pipes", TWO.replace(",", "|").encode(), how="| utf-8"),
    Good("another delimiter, configured", TWO.replace(",", "~").encode(), rules=FileRules(delimiter="~")),
    Good("a tab, configured by its name", TWO.replace(",", "\t").encode(), rules=FileRules(delimiter="tab")),
    Good("the line sep=; of Excel", b"sep=;\r\nphone;name\r\n+12125550100;a,b\r\n", [["+12125550100", "a,b"]], [3]),
    Good("sep= beside a configured delimiter", b"sep=;\nphone,name\n+1,a\n", [["+1", "a"]], [3], rules=FileRules(delimiter=",")),
    Good("CRLF", TWO.replace("\n", "\r\n").encode()),
    Good("CR alone, as old Macs", TWO.replace("\n", "\r").encode()),
    Good("line ends mixed", b"phone,name\r\n+12125550100,Ann\r+12125550101,Bob\n"),
    Good("no line end at the end", TWO.rstrip("\n").encode()),
    Good("all quoted", b'"phone","name"\n"+12125550100","Ann"\n"+12125550101","Bob"\n'),
    Good("the delimiter inside quotes in the first lines", b'"name, first";phone\n"a, b, c";+1\n"d, e, f";+2\n', [["a, b, c", "+1"], ["d, e, f", "+2"]], header=("name, first", "phone")),
    Good("commas in numbers of a list with semicolons", b"phone;sum\n+1;1,5\n+2;2,75\n", [["+1", "1,5"], ["+2", "2,75"]], header=("phone", "sum")),
    Good("line ends inside quotes: lines are physical", b'phone,name\n+1,"a\nb\r\nc"\n+2,d\n', [["+1", "a\nb\r\nc"], ["+2", "d"]], [2, 5]),
    Good("line ends inside quotes of the header", b'"phone\nno",name\n+1,a\n', [["+1", "a"]], [3], ("phone\nno", "name")),
    Good("doubled quotes", b'phone,name\n+1,"say ""hi"""\n', [["+1", 'say "hi"']]),
    Good("a quotation mark inside a cell", b'phone,name\n+1,5" pipe\n+2,b\n', [["+1", '5" pipe'], ["+2", "b"]]),
    Good("quotation marks not doubled", b'phone,name\n+1,"a "b" c"\n+2,d\n', [["+1", 'a b" c"'], ["+2", "d"]]),
    Good("a quote left open costs no other row", b'phone,name\n+1,"a\n+2,"b"\n+3,c\n', [["+1", "a"], ["+2", "b"], ["+3", "c"]]),
    Good("an open quote that another one further down meets", b'name,note,phone\nA,"12 inch,+12125550100\nB,,+12125550101\nZ,5",+12125550198\n', [["A", "12 inch,+12125550100", ""], ["B", "", "+12125550101"], ["Z", '5"', "+12125550198"]], header=("name", "note", "phone")),
    Good("an open quote before a number, met by another", b'name,phone\n"Smith,+12125550100\nDoe,+12125550101\nJones 5",+12125550102\n', [["Smith,+12125550100", ""], ["Doe", "+12125550101"], ['Jones 5"', "+12125550102"]], header=("name", "phone")),
    Good("an address in lines that have as many cells as the header", b'phone,address\n+12125550100,"12 Main St\nSpringfield, IL 62704"\n', [["+12125550100", "12 Main St\nSpringfield, IL 62704"]], header=("phone", "address")),
    Good("a call log in lines that have as many cells as the header", b'phone;log\n+12125550100;"first\n2026-01-02; busy\n03.01.2026; done"\n', [["+12125550100", "first\n2026-01-02; busy\n03.01.2026; done"]], header=("phone", "log")),
    Good("a note in lines, one of which looks like a row", b'phone,note\n+12125550100,"call\n+12125550101, or\nnobody"\n', [["+12125550100", "call\n+12125550101, or\nnobody"]], header=("phone", "note")),
    Good("empty lines are no rows", b"\n\nphone,name\n\n+12125550100,Ann\n\r\n \n+12125550101,Bob\n\n", lines=[5, 8]),
    Good("lines of delimiters are no rows", b",,\nphone,name\n,\n+12125550100,Ann\n , \n+12125550101,Bob\n,,,,\n", lines=[4, 6]),
    Good("short rows: spreadsheets drop what is empty at the end", b"phone,name,city\n+1\n+2,b\n", [["+1", "", ""], ["+2", "b", ""]], header=("phone", "name", "city")),
    Good("empty cells too many", b"phone,name\n+12125550100,Ann,,\n+12125550101,Bob,\n"),
    Good("a row too long stays so, for the rejects", b"phone,name\n+1,Ann,x\n", [["+1", "Ann", "x"]]),
    Good("a delimiter at the end of every line", b"phone,name,\n+1,Ann,\n", [["+1", "Ann", ""]], header=("phone", "name", "")),
    Good("two columns of one name", b"phone,Note,note\n+1,a,b\n", [["+1", "a", "b"]], header=("phone", "Note", "note (2)")),
    Good("a column without a name", b"phone,,x\n+1,a,b\n", [["+1", "a", "b"]], header=("phone", "", "x")),
    Good("spaces around the names", b" phone ,\tname\n+12125550100,Ann\n+12125550101,Bob\n"),
    Good("a header alone", b"phone,name\n", []),
    Good("a single column", b"phone\n+1\n+2\n", [["+1"], ["+2"]], header=("phone",)),
    Good("a single column with empty lines", b"phone\n+1\n\n+2\n", [["+1"], ["+2"]], [2, 4], ("phone",)),
    Good("a title above the header, with the delimiters of a spreadsheet", b"My customers,,\n,,\nName,Phone,City\nAnn,+12125550100,Bonn\n", [["Ann", "+12125550100", "Bonn"]], [4], ("Name", "Phone", "City"), ", utf-8"),
    Good("a title above the header, alone on its line", b"Call list November 2026\n\nName;Phone\nAnn;+12125550100\n", [["Ann", "+12125550100"]], [4], ("Name", "Phone"), "; utf-8"),
    Good("a title with another delimiter in it", b"Call list, November 2026\nName;Phone\nAnn;+12125550100\n", [["Ann", "+12125550100"]], [3], ("Name", "Phone"), "; utf-8"),
    Good("a title, and an open quote that another one further down meets", b'People\nname,phone\n"Smith,+12125550100\nDoe,+12125550101\nJones 5",+12125550102\n', [["Smith,+12125550100", ""], ["Doe", "+12125550101"], ['Jones 5"', "+12125550102"]], [3, 4, 5], ("name", "phone")),
    Good("a title above a header alone", b"People\nphone,name\n", []),
    Good("a single column above a row with a remark", b"phone\n+12125550100,gone\n", [["+12125550100", "gone"]], header=("phone",)),
    Good("one named column above numbers", b"phone,\n+12125550100,Ann\n+12125550101,Bob\n", header=("phone", "")),
    Good("a header and rows with the comma of names", b"name;note\nLee, Ann;\nDoe, Bob;gone\n", [["Lee, Ann", ""], ["Doe, Bob", "gone"]], header=("name", "note"), how="; utf-8"),
    Good("what looks empty to others: NA, null, 007", b"phone,a,b,c\n+1,NA,null,007\n", [["+1", "NA", "null", "007"]], header=("phone", "a", "b", "c")),
    Good("signs that are no line ends", "phone,name\n+1,a\u2028b\x0bc\x85d\n".encode(), [["+1", "a\u2028b\x0bc\x85d"]]),
    Good("a text file that is called a workbook", TWO.encode(), how=", utf-8"),
]  # fmt: skip

ENCODED = [
    Good("UTF-8 with a mark", b"\xef\xbb\xbf" + TWO.encode(), how=", utf-8"),
    Good("UTF-8 with a mark before quotes", b'\xef\xbb\xbf"phone","name"\n+12125550100,Ann\n+12125550101,Bob\n'),
    Good("UTF-8 with a mark, configured as utf-8", b"\xef\xbb\xbf" + TWO.encode(), rules=FileRules(encoding="utf-8")),
    Good("UTF-16 with a mark, as Excel's Unicode text", TWO.replace(",", "\t").encode("utf-16"), how="\t utf-16"),
    Good("UTF-16 LE without a mark", UMLAUTS.encode("utf-16-le"), MUELLER, header=("telefon", "name"), how="; utf-16-le"),
    Good("UTF-16 BE without a mark", UMLAUTS.encode("utf-16-be"), MUELLER, header=("telefon", "name"), how="; utf-16-be"),
    Good("UTF-16 configured, without a mark", TWO.encode("utf-16-le"), rules=FileRules(encoding="utf-16")),
    Good("UTF-32 with a mark", TWO.encode("utf-32"), how=", utf-32"),
    Good("UTF-32 BE without a mark", TWO.encode("utf-32-be"), how=", utf-32-be"),
    Good("Windows, Western Europe", UMLAUTS.encode("cp1252"), MUELLER, header=("telefon", "name"), how="; cp1252"),
    Good("latin-1, configured", UMLAUTS.encode("latin-1"), MUELLER, header=("telefon", "name"), rules=FileRules(encoding="latin-1")),
    Good("Windows, Spanish", "phone,name\n+34,José Núñez\n".encode("cp1252"), [["+34", "José Núñez"]], how=", cp1252"),
    Good("Windows, Danish", "phone,name\n+45,Søren Ærø\n".encode("cp1252"), [["+45", "Søren Ærø"]], how=", cp1252"),
    Good("Windows, typographic signs", "phone,name\n+1,a – b €\n".encode("cp1252"), [["+1", "a – b €"]], how=", cp1252"),
    Good("Windows, Czech", "phone,name\n+420,Jiří Dvořák\n".encode("cp1250"), [["+420", "Jiří Dvořák"]], how=", cp1250"),
    Good("Windows, Polish", "phone,name\n+48,Łukasz Żółć\n".encode("cp1250"), [["+48", "Łukasz Żółć"]], how=", cp1250"),
    Good("Windows, Turkish", "phone,name\n+90,Şükrü Çağlar\n".encode("cp1254"), [["+90", "Şükrü Çağlar"]], how=", cp1254"),
    Good("Windows, Russian", "телефон;имя\n+7;Иван\n".encode("cp1251"), [["+7", "Иван"]], header=("телефон", "имя"), how="; cp1251"),
    Good("Russian of Unix", "телефон;имя\n+7;Иван\n".encode("koi8_r"), [["+7", "Иван"]], header=("телефон", "имя"), how="; koi8_r"),
    Good("Windows, Greek", "τηλέφωνο;όνομα\n+30;Γιώργος\n".encode("cp1253"), [["+30", "Γιώργος"]], header=("τηλέφωνο", "όνομα"), how="; cp1253"),
    Good("Windows, Hebrew", "טלפון;שם\n+972;משה\n".encode("cp1255"), [["+972", "משה"]], header=("טלפון", "שם"), how="; cp1255"),
    Good("Windows, Arabic", "هاتف;اسم\n+966;محمد\n".encode("cp1256"), [["+966", "محمد"]], header=("هاتف", "اسم"), how="; cp1256"),
    Good("Polish of Unix", "phone,name\n+48,Święty Łukasz\n".encode("iso8859_2"), [["+48", "Święty Łukasz"]], how=", iso8859_2"),
    Good("Czech of Unix", "phone,name\n+420,Škoda\n+420,Božena\n".encode("iso8859_2"), [["+420", "Škoda"], ["+420", "Božena"]], how=", iso8859_2"),
    Good("Western Europe of Unix, with its euro", "phone,name\n+49,5 €\n".encode("iso8859_15"), [["+49", "5 €"]], how=", iso8859_15"),
    Good("Western Europe of Unix, with a French letter", "phone,name\n+33,un œuf été\n".encode("iso8859_15"), [["+33", "un œuf été"]], how=", iso8859_15"),
    Good("Windows, signs beside words", "phone,name\n+49,20°C Brand® «mot» 3½\n".encode("cp1252"), [["+49", "20°C Brand® «mot» 3½"]], how=", cp1252"),
    Good("MS-DOS, Spanish, whose ñ is another one's euro", "phone,name\n+34,Muñoz\n".encode("cp850"), [["+34", "Muñoz"]], how=", cp850"),
    Good("Chinese, of which a word would be a letter of UTF-8", "电话,姓名,性别\n+86,王小明,女\n+87,李小龙,男\n".encode("gb18030"), [["+86", "王小明", "女"], ["+87", "李小龙", "男"]], header=("电话", "姓名", "性别"), how=", gb18030"),
    Good("Japanese with Latin letters in its words", "phone,name\n+81,Tシャツ山田 Aさん\n+1,山田太郎\n".encode("cp932"), [["+81", "Tシャツ山田 Aさん"], ["+1", "山田太郎"]], how=", cp932"),
    Good("MS-DOS, as Excel's CSV (MS-DOS)", "phone,name\n+1,Müller\n".encode("cp850"), [["+1", "Müller"]], how=", cp850"),
    Good("Macintosh", "phone,name\n+1,José\n".encode("mac_roman"), [["+1", "José"]], how=", mac_roman"),
    Good("Japanese", "電話番号,名前\n+81,山田太郎\n+82,鈴木一郎\n".encode("cp932"), [["+81", "山田太郎"], ["+82", "鈴木一郎"]], header=("電話番号", "名前"), how=", cp932"),
    Good("Chinese", "电话,姓名\n+86,王小明\n+87,李小龙\n".encode("gb18030"), [["+86", "王小明"], ["+87", "李小龙"]], header=("电话", "姓名"), how=", gb18030"),
    Good("Korean", "전화번호,이름\n+82,김철수\n".encode("euc_kr"), [["+82", "김철수"]], header=("전화번호", "이름"), how=", cp949"),
]  # fmt: skip

LOST = "The spreadsheet keeps only 15 digits of a number and has lost the rest"
RICH = "<r><t>An</t></r><r><rPr><b/></rPr><t>n</t></r><rPh><t>reading</t></rPh>"
BY_NUMBER = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'

WORKBOOKS = [
    Good("a plain workbook, whatever its name", sheet(*GRID), how="List"),
    Good("numbers as numbers", sheet(["phone", "n"], [12125550100, 1.5], [2125550100.0, 0.1]), [["12125550100", "1.5"], ["2125550100", "0.1"]], header=("phone", "n")),
    Good("a float as a person sees it", sheet(["phone", "n"], ["+1", 0.30000000000000004]), [["+1", "0.3"]], header=("phone", "n")),
    Good("a number written as a power", xml(rows_xml([["phone"]]) + '<row r="2"><c r="A2"><v>4.915112345678E+12</v></c></row>'), [["4915112345678"]], header=("phone",)),
    Good("a number that lost digits", sheet(["phone"], [4915112345678901234]), [["4915112345678901234"]], header=("phone",), damaged={(2, 0): LOST}),
    Good("leading zeros in text", sheet(["phone", "zip"], ["0301234567", "00501"]), [["0301234567", "00501"]], header=("phone", "zip")),
    Good("zeros that only the format shows", workbook({"L": sheet_xml('<row r="1"><c t="inlineStr"><is><t>zip</t></is></c></row><row r="2"><c s="1"><v>501</v></c></row>')}, formats=["00000"]), [["00501"]], header=("zip",)),
    Good("a plus that only the format shows", workbook({"L": sheet_xml('<row r="1"><c t="inlineStr"><is><t>phone</t></is></c></row><row r="2"><c s="1"><v>4930123456</v></c></row>')}, formats=['"+"0']), [["+4930123456"]], header=("phone",)),
    Good("dates", workbook({"L": sheet_xml(rows_xml([["d"]]) + '<row r="2"><c r="A2" s="1"><v>45000</v></c></row><row r="3"><c r="A3" s="2"><v>45000.75</v></c></row><row r="4"><c r="A4" s="3"><v>0.5</v></c></row>')}, formats=["dd/mm/yyyy", "yyyy-mm-dd hh:mm", "h:mm AM/PM"]), [["2023-03-15"], ["2023-03-15T18:00:00"], ["12:00:00"]], header=("d",)),
    Good("dates that count from 1904", workbook({"L": sheet_xml(rows_xml([["d"]]) + '<row r="2"><c r="A2" s="1"><v>43538</v></c></row>')}, formats=["d.m.yy"], dates_from_1904=True), [["2023-03-15"]], header=("d",)),
    Good("a colour in a format is no date", workbook({"L": sheet_xml(rows_xml([["n"]]) + '<row r="2"><c r="A2" s="1"><v>5</v></c></row>')}, formats=['[Red]0.0"days"']), [["5"]], header=("n",)),
    Good("a date written as such", xml(rows_xml([["d"]]) + '<row r="2"><c r="A2" t="d"><v>2023-03-15T00:00:00</v></c></row>'), [["2023-03-15"]], header=("d",)),
    Good("true, false, errors", xml(rows_xml([["a", "b", "c"], [True, False]]) + '<row r="3"><c r="A3" t="e"><v>#N/A</v></c></row>'), [["TRUE", "FALSE", ""], ["#N/A", "", ""]], header=("a", "b", "c")),
    Good("formulas give their saved value", xml(rows_xml([["phone", "n"]]) + '<row r="2"><c r="A2" t="str"><f>"+"&amp;1</f><v>+1</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'), [["+1", "2"]], header=("phone", "n")),
    Good("a formula that was never calculated", xml(rows_xml([["phone", "n"]]) + '<row r="2"><c r="A2"><f>B2</f></c><c r="B2"><v>2</v></c></row>'), [["", "2"]], header=("phone", "n"), damaged={(2, 0): "This is a formula whose value was not saved"}),
    Good("shared texts, rich, with a reading", workbook({"L": sheet_xml(BY_NUMBER + '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c></row>')}, shared=["<t>phone</t>", "<t>name</t>", "<t>+12125550100</t>", RICH]), [ANN]),
    Good("rich text in the cell", xml(rows_xml([["phone", "name"]]) + f'<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is>{RICH}</is></c></row>'), [["1", "Ann"]]),
    Good("signs in XML", sheet(["phone", "name"], ["+1", "a & b <c> \"d\" 'e'"]), [["+1", "a & b <c> \"d\" 'e'"]]),
    Good("characters that XML cannot hold", sheet(["phone", "name"], ["+1", "a_x000D__x000a_b_x005F_x0041__xD83D__xDE00_"]), [["+1", "a\r\nb_x0041_😀"]]),
    Good("spaces kept", xml(rows_xml([["phone", "name"]]) + '<row r="2"><c><v>1</v></c><c t="inlineStr"><is><t xml:space="preserve"> a </t></is></c></row>'), [["1", " a "]]),
    Good("empty rows above", xml(rows_xml(GRID, first=4)), lines=[5, 6]),
    Good("empty rows between", xml('<row r="1"/><row r="2" ht="3"/>' + rows_xml(GRID[:2], first=3) + '<row r="5"><c r="A5" s="0"/></row>' + rows_xml([BOB], first=9) + '<row r="10"/>'), lines=[4, 9]),
    Good("empty columns to the left", sheet([None, "phone", "name"], [None, *ANN]), [["", *ANN]], header=("", "phone", "name")),
    Good("cells left out", xml('<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="C1" t="inlineStr"><is><t>c</t></is></c></row><row r="2"><c r="C2"><v>3</v></c></row><row r="3"><c r="A3"><v>1</v></c></row>'), [["", "", "3"], ["1", "", ""]], header=("a", "", "c")),
    Good("a cell beyond the last named column stays, for the rejects", sheet(["phone", "name"], ["+1", "Ann", None, "+2"], ["+3", "Bob", None, " "]), [["+1", "Ann", "", "+2"], ["+3", "Bob"]]),
    Good("a header merged over two columns at the end", sheet(["name", "phone"], ["Ann", None, "+1"], ["Bob", "+2"]), [["Ann", "", "+1"], ["Bob", "+2"]], header=("name", "phone")),
    Good("a title above the header", sheet(["Phone numbers"], [], *GRID), lines=[4, 5]),
    Good("a single column above a row with a remark", sheet(["phone"], ["+12125550100", "gone"]), [["+12125550100", "gone"]], header=("phone",)),
    Good("formats to the last column", xml(rows_xml([["phone", "name"]]) + '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>2</v></c><c r="XFD2" s="0"/></row>'), [["1", "2"]]),
    Good("a header merged over two columns", sheet(["contact", None, "phone"], ["Ann", "Lee", "+1"]), [["Ann", "Lee", "+1"]], header=("contact", "", "phone")),
    Good("a hidden sheet first", workbook({"Codes": [["x"]], "List": GRID}, hidden=["Codes"]), how="List"),
    Good("several sheets: the first", workbook({"List": GRID, "Other": [["x"]]}), how="List"),
    Good("a sheet by name", workbook({"Other": [["x"]], "List": GRID}), how="List", rules=FileRules(sheet="list")),
    Good("a sheet by number, also hidden", workbook({"Other": [["x"]], "List": GRID}, hidden=["List"]), how="List", rules=FileRules(sheet=2)),
    Good("a sheet that is named like a number", workbook({"2": GRID, "Other": [["x"]]}), how="2", rules=FileRules(sheet="2")),
    Good("XML with prefixes", workbook({"L": sheet_xml(rows_xml(GRID)).replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")})),
    Good("XML laid out for reading", xml("\n" + rows_xml(GRID).replace("<", "\n  <").replace("\n  </t>", "</t>").replace("\n  </v>", "</v>"))),
    Good("XML with comments and CDATA", xml(rows_xml([["phone", "name"], ANN]) + "<!-- </row> --><row r='3'><c t='inlineStr'><is><t><![CDATA[+12125550101]]></t></is></c><c t='inlineStr'><is><t>Bob</t></is></c></row>")),
    Good("XML in UTF-16", workbook({"L": "x"}, parts={"xl/worksheets/sheet1.xml": sheet_xml(rows_xml(GRID), prolog='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16")})),
    Good("attributes in another order", xml(rows_xml(GRID[:1]) + "<row spans='1:2' r='7'><c t='inlineStr' r='B7'><is><t>Ann</t></is></c></row>"), [["", "Ann"]], [7]),
    Good("numbers in digits that Python knows and XML does not", sheet(["phone", "name"], ["\u0661\u0662", "x"]), [["\u0661\u0662", "x"]]),
    Good("a header alone", sheet(["phone", "name"]), []),
]  # fmt: skip

BOMB = b"<c/>" * 17_000_000
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
# Sectors of 512 bytes; the directory is sector 399.
LARGE_OLE2 = (OLD_EXCEL[:0x1E] + b"\x09\0" + OLD_EXCEL[0x20:0x30] + b"\x8f\x01\0\0").ljust(
    400 * 512, b"\0"
) + "EncryptedPackage".encode("utf-16-le")
FEW = FileRules(max_rows=1)

REFUSED = [
    Bad("an empty file", b"", ("is empty", "first row names the columns")),
    Bad("empty lines", b"\n\r\n , ,\n", ("is empty",)),
    Bad("a NUL byte", b"phone,name\n+1,a\0b\n", ("NUL", "CSV or XLSX")),
    Bad("bytes of a program", b"\x7fELF\x02\x01\x01" + bytes(200) + b"\xff\xfe\xfd", ("NUL",)),
    Bad("UTF-8 with a bad byte", "phone,name\n+1,äöüäöü\n+2,\xff\n".encode("latin-1").replace("äöüäöü".encode("latin-1"), "äöüäöü".encode()), ("UTF-8", "line 3", "files.encoding")),
    Bad("UTF-8 that is cut in its last character", "phone,name\n+49,Müller\n+49,Jö".encode()[:-1], ("UTF-8", "line 3", "Save the list as CSV UTF-8")),
    Bad("UTF-8 cut in its last character, with several accents", "phone,name\n+49,Jürgen\n+49,Weiß\n+49,Jö".encode()[:-1], ("UTF-8", "line 4")),
    Bad("UTF-8, and then a line of Windows", "phone,name\n+49,Müller\n".encode() + "+49,Weiß\n".encode("cp1252"), ("UTF-8", "line 3")),
    Bad("UTF-8, and then many lines of Windows", "phone,name\n+49,5 €\n".encode() + "+49,Weiß\n".encode("cp1252") * 99, ("UTF-8", "line 3")),
    Bad("UTF-8, and then lines of Windows, Russian", "phone,name\n+7,Иван\n".encode() + "+7,Пётр Иванов\n".encode("cp1251") * 5, ("UTF-8", "line 3")),
    Bad("not in the configured encoding", UMLAUTS.encode("cp1252"), ("UTF-8", "line 2", "byte 26"), FileRules(encoding="utf-8")),
    Bad("an encoding that does not exist", TWO.encode(), ("utf-9", "files.encoding"), FileRules(encoding="utf-9")),
    Bad("half a character of UTF-16 at the end", TWO.encode("utf-16") + b"x", ("UTF-16", "byte")),
    Bad("a delimiter of two signs", TWO.encode(), ("files.delimiter",), FileRules(delimiter="::")),
    Bad("a quote that is never closed", b'phone,name\n+1,a\n+2,"b\n+3,c\n', ("line 3", "never closed")),
    Bad("a quote that would swallow the list", b'phone,name\n+1,"a\n' + b"+2,b\n" * 300_000, ("line 2", "never closed")),
    Bad("an open quote that swallows a hundred rows and meets another", b'name,phone\n"A,+12125550100\n' + b"B,+12125550101\nC,\n" * 9 + b"B,+12125550101\n" * 90 + b'Z",+12125550102\n', ("line 2", "swallows the rows up to line 111")),
    Bad("a line without an end", b"phone,name\n+1," + b"x" * 2_000_000, ("line 2", "longer than")),
    Bad("a cell too long", b"phone,name\n+1," + b"x" * 200_000 + b"\n", ("line 2", "longer than")),
    Bad("too many columns", b"phone" + b",x" * 20_000 + b"\n", ("columns",)),
    Bad("too many rows", TWO.encode(), ("more than 1 rows", "files.max_rows"), FEW),
    Bad("too many rows in a workbook", sheet(*GRID), ("more than 1 rows", "files.max_rows"), FEW),
    Bad("an old workbook", OLD_EXCEL + "Workbook".encode("utf-16-le"), (".xls", "Save it as XLSX")),
    Bad("a workbook with a password", OLD_EXCEL + "EncryptedPackage".encode("utf-16-le"), ("password",)),
    Bad("a large workbook with a password", LARGE_OLE2, ("password",)),
    Bad("an old Word document", OLD_EXCEL, ("old Office",)),
    Bad("a binary workbook", zipped({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), (".xlsb", "XLSX")),
    Bad("an OpenDocument sheet", zipped({"mimetype": b"", "content.xml": b""}), (".ods", "XLSX")),
    Bad("a Word document", zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), ("Word",)),
    Bad("a zip archive", zipped({"list.csv": TWO.encode()}), ("zip archive", "Unpack")),
    Bad("an empty zip archive", zipped({}), ("empty zip",)),
    Bad("a gzip", gzip.compress(TWO.encode()), ("gzip", "Unpack")),
    Bad("a 7-Zip archive", b"7z\xbc\xaf\x27\x1c\0\4", ("7-Zip",)),
    Bad("a PDF", b"%PDF-1.7\n", ("PDF", "XLSX or CSV")),
    Bad("a picture", b"\x89PNG\r\n\x1a\n", ("picture",)),
    Bad("PGP in letters", b"-----BEGIN PGP MESSAGE-----\n\nhQ", ("PGP", "Decrypt")),
    Bad("PGP in bytes", b"\x85\x02\x0c\x03" + bytes(range(32)) * 9, ("PGP", "Decrypt")),
    Bad("a web page called .xls", b"\xef\xbb\xbf \n<HTML><table><tr><td>phone", ("web page",)),
    Bad("XML of Excel 2003", b'<?xml version="1.0"?><Workbook/>', ("XML",)),
    Bad("a vCard", b"\xef\xbb\xbf\r\n begin:vcard\r\nTEL:+1\r\n", ("list.csv is a vCard (.vcf).", "Export the contacts as CSV and send that.")),
    Bad("JSON", b'[{"phone": "+1"}]', ("JSON",)),
    Bad("half a workbook", sheet(*GRID)[:400], ("damaged", "save it again")),
    Bad("a workbook with a flipped bit", sheet(*GRID).replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml", 1), ("damaged",)),
    Bad("broken XML", xml("<row r='1'><c r='A1'><v>1</v></row>"), ("damaged",)),
    Bad("a row that breaks off", workbook({"L": sheet_xml("")[:-30] + "<row r='1'><c><v>1"}), ("damaged",)),
    Bad("a missing sheet", workbook({"Other": GRID, "Old": GRID}, hidden=["Old"]), ("no sheet", '1 "Other"', '2 "Old" (hidden)', "files.sheet"), FileRules(sheet="Lists")),
    Bad("only hidden sheets", workbook({"L": GRID}, hidden=["L"]), ("no visible sheet", "files.sheet")),
    Bad("an empty sheet", sheet(), ("is empty", "List")),
    Bad("a shared text that is not there", workbook({"L": sheet_xml(BY_NUMBER)}, shared=["<t>phone</t>"]), ("damaged",)),
    Bad("shared texts that are not there", workbook({"L": sheet_xml(BY_NUMBER)}), ("damaged", "shared texts")),
    Bad("a million columns", xml('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>'), ("damaged", "no column ZZZZ")),
    Bad("a row beyond the last", xml('<row r="1048577"><c><v>1</v></c></row>'), ("damaged", "row 1048577")),
    Bad("rows out of order", xml(rows_xml(GRID, first=5) + rows_xml([ANN], first=2)), ("damaged", "row 2 comes after row 7")),
    Bad("a document type", xml("", prolog='<!DOCTYPE x [<!ENTITY a "b">]>'), ("damaged", "document type")),
    Bad("an entity of its own", xml('<row r="1"><c t="str"><v>&a;</v></c></row>'), ("damaged",)),
    Bad("a cell of an unknown type", xml('<row r="1"><c r="A1" t="q"><v>1</v></c></row>'), ("damaged", "unknown type")),
    Bad("a number that is none", xml('<row r="1"><c r="A1"><v>one</v></c></row>'), ("damaged",)),
    Bad("a bomb", workbook({"L": "x"}, parts={"xl/worksheets/sheet1.xml": BOMB}), ("not unpacked", "MB")),
    Bad("a bomb beside the sheets", workbook({"L": GRID}, parts={"xl/media/x": BOMB}), ("not unpacked",)),
    Bad("ten thousand parts", workbook({"L": GRID}, parts={f"xl/{n}": b"" for n in range(10_001)}), ("10,000 parts",)),
    Bad("a hundred thousand parts", workbook({"L": GRID}, parts={f"xl/{n:060}": b"" for n in range(40_000)}), ("10,000 parts",)),
]  # fmt: skip


def named(case: Good | Bad) -> str:
    return case.what


@pytest.mark.parametrize("case", [*DELIMITED, *ENCODED, *WORKBOOKS], ids=named)
def test_a_list_is_read_right(case: Good, tmp_path: Path) -> None:
    read = read_list(tmp_path, case.content, case.rules)
    assert read.header == case.header
    assert read.rows == case.rows
    below_header = range(read.header_line + 1, read.header_line + 1 + len(case.rows))
    assert read.lines == (list(below_header) if case.lines is None else case.lines)
    assert set(read.damaged) == set(case.damaged)
    assert all(read.damaged[at].startswith(why) for at, why in case.damaged.items())
    if case.how is not None:
        assert read.how == case.how


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_list_is_refused_with_a_sentence_that_helps(case: Bad, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as caught:
        read_list(tmp_path, case.content, case.rules)
    sentence = str(caught.value)
    assert "list.csv" in sentence
    assert all(words in sentence for words in case.says), sentence
    assert caught.value.fix.endswith(".")


def test_the_table_has_at_least_sixty_lists() -> None:
    cases: list[Good | Bad] = [*DELIMITED, *ENCODED, *WORKBOOKS, *REFUSED]
    assert len({case.what for case in cases}) >= 60
