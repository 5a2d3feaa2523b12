"""Names of languages as they stand in the names of subtitle files, and their codes."""

from __future__ import annotations

from typing import Final

__all__ = ["language_code"]

_NAMES: Final = """
af afr afrikaans | sq alb sqi albanian | am amh amharic | ar ara arabic | hy arm hye armenian | az aze azerbaijani
| eu baq eus basque | be bel belarusian | bn ben bengali bangla | bs bos bosnian | bg bul bulgarian | my bur mya burmese
| ca cat catalan | zh chi zho chinese chs cht mandarin cantonese yue zht zhs | hr hrv scr croatian | cs cze ces czech
| da dan danish | nl dut nld dutch flemish | en eng english | eo epo esperanto | et est estonian | fo fao faroese
| fil tl tgl filipino tagalog | fi fin finnish | fr fre fra french francais français | gl glg galician
| ka geo kat georgian | de ger deu german deutsch | el gre ell greek | gu guj gujarati | he heb hebrew iw | hi hin hindi
| hu hun hungarian | is ice isl icelandic | id ind indonesian | ga gle irish | it ita italian italiano | ja jpn japanese
| kn kan kannada | kk kaz kazakh | km khm khmer | ko kor korean | ku kur kurdish | ky kir kyrgyz | lo lao
| la lat latin | lv lav latvian | lt lit lithuanian | lb ltz luxembourgish | mk mac mkd macedonian | ms may msa malay
| ml mal malayalam | mt mlt maltese | mr mar marathi | mn mon mongolian | ne nep nepali
| no nor nb nob nn nno norwegian bokmal bokmål nynorsk | ps pus pashto | fa per fas persian farsi
| pl pol polish polski | pt por portuguese português portugues brazilian pob pb | pa pan punjabi
| ro rum ron romanian | ru rus russian | sr srp scc serbian | si sin sinhala sinhalese | sk slo slk slovak
| sl slv slovenian slovene | so som somali | es spa spanish español espanol castilian castellano latino
| sw swa swahili | sv swe swedish svenska | ta tam tamil | te tel telugu | th tha thai | tr tur turkish
| uk ukr ukrainian | ur urd urdu | uz uzb uzbek | vi vie vietnamese | cy wel cym welsh | yi yid yiddish | zu zul zulu
"""

_CODES: Final = {name: group.split()[0] for group in _NAMES.split("|") for name in group.split()}


def language_code(name: str) -> str | None:
    """The two-letter code for a code or an English name, such as ``"eng"``, ``"pt-BR"`` or ``"German"``; None if it is
    none of those that subtitles are known to come in."""
    known = name.casefold().replace("_", "-")
    return _CODES.get(known) or _CODES.get(known.partition("-")[0])
