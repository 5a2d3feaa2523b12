"""Names of languages as they are used in the names of subtitle files, and their codes."""

from __future__ import annotations

from typing import Final

__all__ = ["language_code"]

_NAMES: Final = """
af afr afrikaans | sq alb sqi albanian | am amh amharic | ar ara arabic العربية | hy arm hye armenian
| az aze azerbaijani | eu baq eus basque | be bel belarusian | bn ben bengali bangla | bs bos bosnian
| bg bul bulgarian български | my bur mya burmese | ca cat catalan
| zh chi zho chinese chs cht mandarin cantonese yue zht zhs 中文 简体
简体中文 繁体 繁體 繁體中文 简中 繁中 国语 國語 粤语 粵語
| hr hrv scr croatian hrvatski | cs cze ces czech čeština česky | da dan danish dansk
| nl dut nld dutch nederlands flemish | en eng english 英文 英语 英語
| eo epo esperanto | et est estonian | fo fao faroese
| fil tl tgl filipino tagalog | fi fin finnish suomi | fr fre fra french francais français | gl glg galician
| ka geo kat georgian | de ger deu german deutsch | el gre ell greek ελληνικά | gu guj gujarati
| he heb hebrew iw עברית | hi hin hindi हिन्दी | hu hun hungarian magyar | is ice isl icelandic
| id ind indonesian indonesia | ga gle irish | it ita italian italiano
| ja jpn japanese 日本語 日本 日语 日文 | kn kan kannada
| kk kaz kazakh | km khm khmer | ko kor korean 한국어 韩语 韓語 | ku kur kurdish | ky kir kyrgyz | lo lao | la lat latin
| lv lav latvian | lt lit lithuanian | lb ltz luxembourgish | mk mac mkd macedonian | ms may msa malay
| ml mal malayalam | mt mlt maltese | mr mar marathi | mn mon mongolian | ne nep nepali
| no nor nb nob nn nno norwegian norsk bokmal bokmål nynorsk | ps pus pashto | fa per fas persian farsi فارسی
| pl pol polish polski | pt por portuguese português portugues brazilian pob pb | pa pan punjabi
| ro rum ron romanian română | ru rus russian русский | sr srp scc serbian srpski српски
| si sin sinhala sinhalese | sk slo slk slovak | sl slv slovenian slovene | so som somali
| es spa spanish español espanol castilian castellano latino | sw swa swahili | sv swe swedish svenska
| ta tam tamil | te tel telugu | th tha thai ไทย | tr tur turkish türkçe | uk ukr ukrainian українська
| ur urd urdu | uz uzb uzbek | vi vie vietnamese việt | cy wel cym welsh | yi yid yiddish | zu zul zulu
"""

_CODES: Final = {name: group.split()[0] for group in _NAMES.split("|") for name in group.split()}


def language_code(name: str) -> str | None:
    """The two-letter code for a code, a name in English or in the language itself, such as ``"eng"``,
    ``"pt-BR"`` or ``"Deutsch"``; None if it is none of those that subtitles are known to come in."""
    known = name.casefold().replace("_", "-")
    return _CODES.get(known) or _CODES.get(known.partition("-")[0])
