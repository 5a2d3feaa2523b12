"""From the bytes of a subtitle file to its text, whatever its writer's machine used.

Nothing in a subtitle file says how it is encoded. Marks and strict decoders settle the Unicode ones;
a legacy code page is told by the language in the file's name, or by how its high bytes fall.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

__all__ = ["Decoded", "decode_subtitles"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODE_PAGES = {
    **dict.fromkeys(("ru", "rus", "russian", "uk", "ukr", "ukrainian", "bg", "bul", "bulgarian"), "cp1251"),
    **dict.fromkeys(("be", "bel", "sr-cyrl", "mk", "mac", "mkd", "macedonian"), "cp1251"),
    **dict.fromkeys(("pl", "pol", "polish", "cs", "cze", "ces", "czech", "sk", "slo", "slk", "slovak"), "cp1250"),
    **dict.fromkeys(("hu", "hun", "hungarian", "hr", "hrv", "croatian", "sl", "slv", "slovenian"), "cp1250"),
    **dict.fromkeys(("ro", "rum", "ron", "romanian"), "cp1250"),
    **dict.fromkeys(("el", "gre", "ell", "greek"), "cp1253"),
    **dict.fromkeys(("tr", "tur", "turkish"), "cp1254"),
    **dict.fromkeys(("he", "heb", "hebrew"), "cp1255"),
    **dict.fromkeys(("ar", "ara", "arabic"), "cp1256"),
    **dict.fromkeys(("zh", "chi", "zho", "chs", "sc", "zh-cn", "zh-hans", "chinese"), "gb18030"),
    **dict.fromkeys(("cht", "tc", "zh-tw", "zh-hk", "zh-hant"), "big5hkscs"),
    **dict.fromkeys(("ja", "jpn", "japanese"), "cp932"),
    **dict.fromkeys(("ko", "kor", "korean"), "cp949"),
    **dict.fromkeys(("th", "tha", "thai"), "cp874"),
}
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_FEW_HIGH_BYTES = 8
"""With fewer high bytes than this, how they fall proves nothing."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, the encoding it was read with, and how sure that is, in ``[0, 1]``."""

    text: str
    encoding: str
    confidence: float


def decode_subtitles(data: bytes, *, language: str | None = None) -> Decoded:
    """Decode the bytes of a subtitle file.

    Args:
        data: The whole file.
        language: What the file's name says, such as ``"en"`` or ``"pt-BR"``; it decides between
            legacy code pages, never against Unicode that decodes.

    Never fails: bytes that no encoding explains become U+FFFD and lower the confidence.
    """
    return _marked(data) or _unmarked_utf16(data) or _utf8(data) or _legacy(data, language)


def _marked(data: bytes) -> Decoded | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, errors="replace")
            return Decoded(text, encoding, 0.8 if "\ufffd" in text else 1.0)
    return None


def _unmarked_utf16(data: bytes) -> Decoded | None:
    """Cue numbers, times and line ends are ASCII in every language: in UTF-16 each brings a NUL on one side."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if max(even, odd) < len(data) / 16 or min(even, odd) > max(even, odd) / 8:
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    return Decoded(data.decode(encoding, errors="replace"), encoding, 0.95)


def _utf8(data: bytes) -> Decoded | None:
    """UTF-8, also when a few bytes of it were damaged (a cut at the end, a careless join)."""
    try:
        return Decoded(data.decode("utf-8"), "utf-8", 1.0)
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f") - damaged
    return Decoded(text, "utf-8", 0.8) if whole > 4 * damaged else None


def _legacy(data: bytes, language: str | None) -> Decoded:
    encoding, confidence = _named_code_page(data, language) or _likely_code_page(data)
    text = data.decode(encoding, errors="replace")
    return Decoded(text, encoding, min(confidence, 0.6) if "\ufffd" in text else confidence)


def _named_code_page(data: bytes, language: str | None) -> tuple[str, float] | None:
    tag = (language or "").lower().replace("_", "-")
    encoding = _CODE_PAGES.get(tag) or _CODE_PAGES.get(tag.partition("-")[0])
    if encoding is None or not _decodes(data, encoding):
        return None
    return encoding, 0.95


def _likely_code_page(data: bytes) -> tuple[str, float]:
    if _decodes(data, "gb18030") and _looks_chinese(data):
        return "gb18030", 0.9
    if _decodes(data, "cp1251") and _looks_cyrillic(data):
        return "cp1251", 0.9
    if _decodes(data, "cp1252"):
        return "cp1252", 0.85
    return "latin-1", 0.7


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(data: bytes) -> bool:
    """GB 2312 writes a character as two high bytes, its first mostly in B0-D7 (the common characters)
    or A1-A3 (punctuation); Cyrillic fills C0-FF and Latin text has its high bytes one by one."""
    runs = _HIGH_RUN.findall(data)
    leads = [lead for run in runs if len(run) % 2 == 0 for lead in run[0::2]]
    common = sum(1 for lead in leads if 0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3)
    in_pairs = 2 * len(leads) / max(1, sum(map(len, runs)))
    return bool(leads) and in_pairs > 0.8 and common > 0.85 * len(leads)


def _looks_cyrillic(data: bytes) -> bool:
    """In Windows-1251 a word is a run of C0-FF, mostly lower case (E0-FF), longer than any accented
    Latin letters stand together."""
    runs = _HIGH_RUN.findall(data)
    high = b"".join(runs)
    letters = sum(1 for byte in high if byte >= 0xC0 or byte in b"\xa8\xb8")
    return len(high) >= _FEW_HIGH_BYTES and letters > 0.8 * len(high) and len(high) / len(runs) > 2.5
