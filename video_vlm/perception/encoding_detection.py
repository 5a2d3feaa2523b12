"""Detects the code page of a text by the languages whose letters its bytes would be.

Every likely pair of a language and a code page is tried: the text that a code page makes of the bytes fits a
language if its letters are that language's, capitals stand where capitals do, and scripts do not change
inside a word. Chinese, Japanese, Korean and Thai, where almost any bytes are some character, are told by how
many of these are common.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from video_vlm.perception.language_names import language_code

__all__ = ["EncodingGuess", "likely_encoding"]

_SAMPLE_BYTES: Final = 20_000
_FEW_HIGH_BYTES: Final = 8
"""With fewer high bytes than this, how they fall proves little."""
_NAMED: Final = 0.35
"""What a language in the file's name is worth, as a share of its letters."""
_FITS: Final = 0.55
_APART: Final = 0.08
_LATER: Final = 0.01
"""What a rarer code page of a language costs, so that of two that fit alike the common one is taken."""

_LINE_ENDS: Final = re.compile(rb"[\r\n]+")
_PUNCTUATION: Final = frozenset("“”„‟‘’‚‹›«»–—…•·°♪♫№€£©®™\u00a0´")
_WESTERN: Final = ("cp1252", "iso8859-15", "cp850", "mac-roman")
_CENTRAL: Final = ("cp1250", "iso8859-2", "cp852")
_BALTIC: Final = ("cp1257", "iso8859-13", "iso8859-4")

_ALPHABETS: Final = {
    "fr": ("àâæçéèêëîïôœùûüÿ", _WESTERN),
    "de": ("äöüß", _WESTERN),
    "es": ("áéíñóúü¿¡", _WESTERN),
    "pt": ("áàâãçéêíóôõúü", _WESTERN),
    "it": ("àèéìíîòóùú", _WESTERN),
    "nl": ("áéëèïíóöüú", _WESTERN),
    "sv": ("åäöé", _WESTERN),
    "da": ("æøåé", _WESTERN),
    "fi": ("äöåšž", _WESTERN),
    "is": ("áðéíóúýþæö", _WESTERN),
    "ca": ("àçèéíïòóúü·", _WESTERN),
    "pl": ("ąćęłńóśźż", (*_CENTRAL, "mac-latin2")),
    "cs": ("áčďéěíňóřšťúůýž", (*_CENTRAL, "mac-latin2")),
    "sk": ("áäčďéíĺľňóôŕšťúýž", _CENTRAL),
    "hu": ("áéíóöőúüű", _CENTRAL),
    "ro": ("ăâîșțşţ", (*_CENTRAL, "iso8859-16")),
    "hr": ("čćđšž", _CENTRAL),
    "sq": ("çë", _WESTERN),
    "tr": ("çğıİöşüâî", ("cp1254", "iso8859-9", "cp857")),
    "et": ("äõöüšž", _BALTIC),
    "lv": ("āčēģīķļņšūž", _BALTIC),
    "lt": ("ąčęėįšųūž", _BALTIC),
    "ru": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
    "uk": ("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", ("cp1251", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")),
    "be": ("абвгдеёжзійклмнопрстуўфхцчшыьэюя", ("cp1251", "iso8859-5")),
    "bg": ("абвгдежзийклмнопрстуфхцчшщъьюяѝ", ("cp1251", "iso8859-5", "cp866")),
    "sr": ("абвгдђежзијклљмнњопрстћуфхцчџш", ("cp1251", "iso8859-5")),
    "mk": ("абвгдѓежзѕијклљмнњопрстќуфхцчџш", ("cp1251", "iso8859-5")),
    "el": ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ΄", ("cp1253", "iso8859-7", "cp737")),
    "he": ("אבגדהוזחטיךכלםמןנסעףפץצקרשת", ("cp1255", "iso8859-8", "cp862")),
    "ar": ("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌٍَُِّْ،؛؟ـ", ("cp1256", "iso8859-6", "cp720")),
    "fa": ("ءآأؤإئابتثجحخدذرزسشصضطظعغفقلمنهوىيپچژگکی،؛؟ـ\u200c", ("cp1256",)),
}  # fmt: skip

_OFTEN: Final = {
    "fr": "éèàêçùôî",
    "ru": "оеаинтсрвлкмдпуяы",
    "uk": "оаинітерсвклмдпуья",
    "be": "аоіенкрсптыдлмвуя",
    "bg": "аоиетнрсвлкдмпзуъ",
    "sr": "аоиенрстјкувлмдпз",
    "mk": "аоиентрсвклдмпјуз",
    "el": "αοιετσνηυρπκμλςωά",
    "he": "יוהלאמנרתשבדםעח",
    "ar": "اليمنتوربعدسهةك",
    "fa": "ایرنمدوتهبسشکخز",
}
"""The letters that most of a text is written in, where those of two languages lie on the same bytes."""
_SELDOM: Final = 0.6
"""What another letter of such a language counts."""

_COMMON: Final = {
    "zh": (
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事"
        "成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此"
        "已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代"
        "内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安"
        "少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光",
        ("gb18030",),
    ),
    "zh-tw": (
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事"
        "成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此"
        "已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代"
        "內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安"
        "少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光",
        ("big5hkscs",),
    ),
    "ja": (
        "のにはをがとでたてしなるいれかまさすらりもこうくっあそだよけえおきんどせちみつわめばやねろげほアスイトンルラリドク"
        "ーシッタレコフマプロテナ、。！？「」人日一私彼何今事見言行時君間出来",
        ("cp932", "euc-jp"),
    ),
    "th": ("านรอกเงมยลวดทสตะปบคแหจไใพชขโ่้ัีิ็ุู์ำึื", ("cp874",)),
    "ko": (
        "이다는의에가을를고하지은도한나그어아사서기있리로자안해시여니보거게일들스대라인만부요으정수주우러과말너내면마드네거"
        "것저오무제와전야장까생없었했습세게당상음때",
        ("cp949",),
    ),
}
_ENCODINGS: Final = {code: encodings for code, (_, encodings) in {**_ALPHABETS, **_COMMON}.items()}
"""The code pages of each language, the common ones first."""
_LETTERS: Final = {
    code: frozenset(letters + letters.upper()) for code, (letters, _) in {**_COMMON, **_ALPHABETS}.items()
}
_SCRIPTS: Final = {"ko": ("\uac00", "\ud7a3"), "th": ("\u0e01", "\u0e4e")}
_OTHER_CHARACTER: Final = 0.35
"""What a character of the script counts that is none of the common ones."""


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """An encoding, and how sure it is, in ``[0, 1]``."""

    encoding: str
    confidence: float


def likely_encoding(data: bytes, *, language: str | None = None) -> EncodingGuess:
    """The code page that makes the most sense of bytes that are not Unicode.

    Args:
        data: The bytes; lines of ASCII alone say nothing and are not looked at.
        language: What the file's name says, as it is written there.
    """
    lines = _LINE_ENDS.split(data[: 50 * _SAMPLE_BYTES])
    sample = b"\n".join(line for line in lines if not line.isascii())[:_SAMPLE_BYTES]
    sample = sample[: sample.rfind(b"\n")] if len(sample) == _SAMPLE_BYTES and b"\n" in sample else sample
    named = _named(language)
    texts: dict[str, str | None] = {}
    scores: list[tuple[float, str, str]] = []
    for code, encodings in _ENCODINGS.items():
        for place, encoding in enumerate(encodings):
            if encoding not in texts:
                texts[encoding] = _decoded(sample, encoding)
            text = texts[encoding]
            if text is not None:
                bonus = _NAMED if code == named else 0.0
                scores.append((_fit(text, code) + bonus - _LATER * place, encoding, text))
    if not scores:
        return EncodingGuess("latin-1", 0.5)
    best = max(scores, key=lambda one: one[0])
    second = max((score for score, _, text in scores if text != best[2]), default=0.0)
    return EncodingGuess(
        best[1],
        _confidence(best[0], second, num_high=sum(byte > 0x7F for byte in sample), is_named=bool(named)),
    )


def _confidence(best: float, second: float, *, num_high: int, is_named: bool) -> float:
    if best < _FITS:
        return 0.5
    if best - second < _APART:
        return 0.65
    return 0.95 if is_named else 0.9 if num_high >= _FEW_HIGH_BYTES else 0.75


def _named(language: str | None) -> str | None:
    tag = (language or "").casefold().replace("_", "-")
    if tag in ("cht", "tc", "zht") or tag.startswith(("zh-tw", "zh-hk", "zh-hant")):
        return "zh-tw"
    code = language_code(tag) if tag else None
    return {"bs": "hr", "sl": "hr", "no": "da"}.get(code, code) if code else None


def _decoded(sample: bytes, encoding: str) -> str | None:
    """None where many bytes mean nothing; a few may be damaged, or belong to the half of a character."""
    text = sample.decode(encoding, errors="replace")
    high = sum(character > "\x7f" for character in text)
    return text if text.count("\ufffd") <= 0.1 * high else None


def _fit(text: str, code: str) -> float:
    """How much of a text beyond ASCII is what a language writes: at most 1, negative for nonsense."""
    letters = _LETTERS[code]
    score = num = 0.0
    for before, character in zip(f" {text}", text, strict=False):
        if character <= "\x7f":
            if character.isalpha() and before > "\x7f" and before.isalpha() and code not in _LATIN:
                score -= 1.0  # scripts do not change inside a word
            continue
        num += 1
        score += _worth(character, before, letters, code)
    return score / num if num else 0.0


_LATIN: Final = frozenset(
    code for code, (letters, _) in _ALPHABETS.items() if max(letters) < "\u0300" or "ș" in letters
)


def _worth(character: str, before: str, letters: frozenset[str], code: str) -> float:
    if character in _PUNCTUATION:
        return 0.5
    if code == "th" and not character.isalpha() and not "\u0e01" <= before <= "\u0e4e":
        return -1.0  # a vowel or tone with no consonant to stand on
    if character in letters:
        if character.isupper() and before.islower():
            return -1.0
        if before <= "\x7f" and before.isalpha() and code not in _LATIN:
            return -1.0
        return 1.0 if character.lower() in _OFTEN.get(code, character.lower()) else _SELDOM
    if code in _COMMON and _is_of_script(character, code):
        return _OTHER_CHARACTER
    return -1.0


def _is_of_script(character: str, code: str) -> bool:
    if "\u3000" <= character <= "\u303f" or "\uff01" <= character <= "\uff5e":
        return True
    if code in _SCRIPTS:
        return _SCRIPTS[code][0] <= character <= _SCRIPTS[code][1]
    kana = code == "ja" and "\u3041" <= character <= "\u30ff"
    return kana or "\u4e00" <= character <= "\u9fff"
