"""Sentences in many languages, and the encodings that old subtitle files in these are found in."""

# ruff: noqa: E501 - lines of a table
from __future__ import annotations

import random
from typing import Final

__all__ = ["ENCODINGS", "SENTENCES", "srt_of"]

SENTENCES: Final = {
    "ru": "Мы давно ждали этого корабля.|Где ты был вчера вечером?|Я не знаю, что делать дальше.|Закрой "
    "дверь, пожалуйста!|"
    "Маяк стоит на краю острова.|Он обещал вернуться до зимы.|Никто не видел её лица.|Хорошо, поехали домой.",
    "uk": "Ми довго чекали на цей корабель.|Де ти був учора ввечері?|Я не знаю, що робити далі.|Зачини двері, "
    ""
    ""
    ""
    ""
    ""
    ""
    "будь ласка!|"
    "Маяк стоїть на краю острова.|Він обіцяв повернутися до зими.|Її обличчя ніхто не бачив.|Гаразд, їдьмо додому.",
    "bg": "Дълго чакахме този кораб.|Къде беше снощи?|Не знам какво да правя по-нататък.|Затвори вратата, моля те!|"
    "Фарът стои в края на острова.|Той обеща да се върне преди зимата.|Никой не видя лицето ѝ.|Добре, да си ходим.",
    "pl": "Długo czekaliśmy na ten statek.|Gdzie byłeś wczoraj wieczorem?|Nie wiem, co robić dalej.|Zamknij drzwi, proszę!|"
    "Latarnia stoi na krańcu wyspy.|Obiecał wrócić przed zimą.|Nikt nie widział jej twarzy.|Świetnie, jedźmy już.",
    "cs": "Dlouho jsme čekali na tuto loď.|Kde jsi byl včera večer?|Nevím, co mám dělat dál.|Zavři dveře, prosím!|"
    "Maják stojí na kraji ostrova.|Slíbil, že se vrátí před zimou.|Nikdo neviděl její tvář.|Dobře, pojeďme domů.",
    "hu": "Sokáig vártunk erre a hajóra.|Hol voltál tegnap este?|Nem tudom, mit tegyek most.|Csukd be az ajtót, kérlek!|"
    "A világítótorony a sziget szélén áll.|Megígérte, hogy tél előtt visszajön.|Senki sem látta az arcát.|Jól van, menjünk haza, hűvös van és esős az idő.",
    "ro": "Am așteptat mult această corabie.|Unde ai fost aseară?|Nu știu ce să fac mai departe.|Închide ușa, te rog!|"
    "Farul stă la marginea insulei.|A promis că se întoarce înainte de iarnă.|Nimeni nu i-a văzut fața.|Bine, să mergem acasă.",
    "hr": "Dugo smo čekali ovaj brod.|Gdje si bio sinoć?|Ne znam što dalje činiti.|Zatvori vrata, molim te!|"
    "Svjetionik stoji na rubu otoka.|Obećao je da će se vratiti prije zime.|Nitko nije vidio njezino lice, šuti.|Dobro, idemo kući, žurimo.",
    "el": "Περιμέναμε πολύ αυτό το καράβι.|Πού ήσουν χθες το βράδυ;|Δεν ξέρω τι να κάνω τώρα.|Κλείσε την πόρτα, σε παρακαλώ!|"
    "Ο φάρος στέκει στην άκρη του νησιού.|Υποσχέθηκε να γυρίσει πριν από τον χειμώνα.|Κανείς δεν είδε το πρόσωπό της.|Εντάξει, πάμε σπίτι.",
    "tr": "Bu gemiyi uzun süre bekledik.|Dün akşam neredeydin?|Şimdi ne yapacağımı bilmiyorum.|Kapıyı kapat, lütfen!|"
    "Deniz feneri adanın ucunda duruyor.|Kıştan önce döneceğine söz verdi.|Kimse onun yüzünü görmedi.|Tamam, eve gidelim, ışığı söndür.",
    "he": "חיכינו הרבה זמן לספינה הזאת.|איפה היית אתמול בערב?|אני לא יודע מה לעשות עכשיו.|תסגור את הדלת, בבקשה!|"
    "המגדלור עומד בקצה האי.|הוא הבטיח לחזור לפני החורף.|אף אחד לא ראה את פניה.|טוב, בוא נלך הביתה.",
    "ar": "انتظرنا هذه السفينة طويلا.|أين كنت مساء أمس؟|لا أعرف ماذا أفعل الآن.|أغلق الباب من فضلك!|"
    "تقف المنارة على طرف الجزيرة.|وعد بأن يعود قبل الشتاء.|لم ير أحد وجهها.|حسنا، لنذهب إلى البيت.",
    "zh": "我们等这艘船等了很久。|你昨天晚上在哪里？|我不知道接下来该怎么办。|请把门关上！|灯塔立在岛的尽头。|"
    "他答应在冬天以前回来。|没有人看见她的脸。|好吧，我们回家。",
    "zh-TW": "我們等這艘船等了很久。|你昨天晚上在哪裡？|我不知道接下來該怎麼辦。|請把門關上！|燈塔立在島的盡頭。|"
    "他答應在冬天以前回來。|沒有人看見她的臉。|好吧，我們回家。",
    "ja": "私たちはこの船を長い間待っていた。|昨日の夜はどこにいたの？|これからどうすればいいか分からない。|ドアを閉めてください！|"
    "灯台は島の端に立っている。|彼は冬の前に戻ると約束した。|誰も彼女の顔を見なかった。|よし、家に帰ろう。",
    "ko": "우리는 이 배를 오래 기다렸다.|어젯밤에 어디 있었어?|이제 어떻게 해야 할지 모르겠다.|문 좀 닫아 주세요!|"
    "등대는 섬의 끝에 서 있다.|그는 겨울 전에 돌아오겠다고 약속했다.|아무도 그녀의 얼굴을 보지 못했다.|좋아, 집에 가자.",
    "th": "เรารอเรือลำนี้มานานแล้ว|เมื่อคืนคุณอยู่ที่ไหน|ฉันไม่รู้ว่าจะทำอย่างไรต่อไป|ช่วยปิดประตูด้วย|ประภาคารตั้งอยู่สุดปลายเกาะ|"
    "เขาสัญญาว่าจะกลับมาก่อนฤดูหนาว|ไม่มีใครเห็นหน้าเธอ|ตกลง กลับบ้านกันเถอะ",
    "fr": "Nous avons attendu ce bateau très longtemps.|Où étais-tu hier soir, chérie ?|Je ne sais pas où ça nous mène.|"
    "Ferme la fenêtre, s'il te plaît !|Le phare se dresse à l'extrémité de l'île.|Il a promis de revenir avant l'été.|"
    "Personne n'a vu sa tête, hélas.|D'accord, rentrons à la maison.",
    "de": "Wir haben lange auf das große Schiff gewartet.|Wo warst du gestern, Käthe?|Ich weiß nicht, was ich tun würde.|"
    "Schließ bitte die Tür!|Der Leuchtturm steht über der Küste.|Er wollte vor dem März zurück sein.|Niemand hat ihn gehört.|Schön, fahren wir zurück.",
    "es": "Esperamos mucho tiempo el barco del señor.|¿Dónde estabas anoche, niña?|No sé qué hacer mañana.|¡Cierra la puerta, por favor!|"
    "El faro está al final de la isla.|Prometió que volvería después del otoño.|Nadie vio su corazón.|Está bien, vámonos a casa.",
    "pt": "Esperámos muito tempo pela embarcação.|Onde estavas ontem à noite?|Não sei o que fazer amanhã.|Fecha a porta, não é difícil!|"
    "O farol está no fim da ilha, lá em cima.|Prometeu voltar antes do verão, mãe.|Ninguém viu o coração dela.|Está bem, vamos já.",
    "sv": "Vi har väntat länge på båten.|Var var du i går kväll, Åsa?|Jag vet inte vad jag ska göra nu.|Stäng dörren, är du snäll!|"
    "Fyren står ytterst på ön.|Han lovade att komma före påsk.|Ingen såg hennes ögon.|Då går vi hem, sade hon.",
    "lt": "Mes ilgai laukėme šio laivo.|Kur tu buvai vakar vakare?|Nežinau, ką daryti toliau.|Uždaryk duris, prašau!|"
    "Švyturys stovi salos pakraštyje.|Jis žadėjo grįžti prieš žiemą.|Niekas nematė jos veido, tyliai šnabždėjo.|Gerai, važiuokime namo, jau vėlu, ačiū.",
}

ENCODINGS: Final = {
    "ru": ("cp1251", "koi8-r", "cp866", "iso8859-5"),
    "uk": ("cp1251", "koi8-u"),
    "bg": ("cp1251",),
    "pl": ("cp1250", "iso8859-2"),
    "cs": ("cp1250", "iso8859-2"),
    "hu": ("cp1250", "iso8859-2"),
    "ro": ("cp1250", "iso8859-16"),
    "hr": ("cp1250", "iso8859-2"),
    "el": ("cp1253", "iso8859-7"),
    "tr": ("cp1254", "iso8859-9"),
    "he": ("cp1255", "iso8859-8"),
    "ar": ("cp1256", "iso8859-6"),
    "zh": ("gb18030", "gb2312"),
    "zh-TW": ("big5",),
    "ja": ("cp932", "euc-jp"),
    "ko": ("cp949", "euc-kr"),
    "th": ("cp874",),
    "fr": ("cp1252", "iso8859-15"),
    "de": ("cp1252",),
    "es": ("cp1252",),
    "pt": ("cp1252",),
    "sv": ("cp1252",),
    "lt": ("cp1257",),
}


def srt_of(language: str, encoding: str, *, num_cues: int, chance: random.Random) -> tuple[str, bytes]:
    """A SubRip file of so many sentences, as text and as bytes; letters an encoding lacks are left out of
    both."""
    lines = [chance.choice(SENTENCES[language].split("|")) for _ in range(num_cues)]
    if encoding == "cp1250":
        lines = [line.translate(str.maketrans("șțȘȚ", "şţŞŢ")) for line in lines]
    said = [line.encode(encoding, errors="ignore").decode(encoding) for line in lines]
    cues = (
        f"{n}\r\n00:00:{4 * n:02},000 --> 00:00:{4 * n + 3:02},000\r\n{line}\r\n\r\n"
        for n, line in enumerate(said, 1)
    )
    text = "".join(cues)
    return text, text.encode(encoding)
