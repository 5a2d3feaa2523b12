"""English the reader knows by heart: which words carry nothing, which mean the same, which are irregular.

General English only. Everything about a particular video comes from that video.
"""

from __future__ import annotations

__all__ = [
    "COLOURS",
    "DIMENSIONS",
    "IRREGULAR",
    "LIGHT_WORDS",
    "MEDIUM_WORDS",
    "MONTHS",
    "NUMBER_WORDS",
    "RECORDING",
    "SAME_MEANING",
    "STOP_WORDS",
    "TENS",
    "UNITS",
    "WEEKDAYS",
]

STOP_WORDS = frozenset(
    """a about again all also although am an and any are aren't as at be because been being both but by can can't could
    did didn't do does doesn't doing don't down during each either else ever every few for from had has have having he
    her here hers herself him himself his how i if in into is isn't it its itself just let me more most my myself no
    nor not of off on once one only onto or other our ours ourselves out over own per same shall she should so some
    such than that the their theirs them themselves then there these they this those though through till to too under
    until up upon very via was wasn't we were what whatever when where whether which while who whom whose why will with
    within without would you your yours yourself s t d ll m re ve many much directly exactly really actually
    currently immediately already ever together often frequently""".split()
)

# Words about the medium, not about what is in it: they say where to look, and match nothing.
MEDIUM_WORDS = frozenset(
    """video film movie clip footage recording episode trailer picture image screen frame scene shot camera viewer
    audience narrator speaker singer voice song lyrics lyric dialogue speech subtitle caption transcript slide card
    text word letter line sentence phrase sign label credit thing something someone anybody anyone everything kind
    sort type table chart row column list notice moment time second minute hour part point place way case fact detail information question""".split()
)

# Words that are in every question: matched, they say little; unmatched, they cost little.
LIGHT_WORDS = frozenset(
    """appear be become begin bring call come contain display do end find follow get give go happen have hear include
    keep know leave let like list look make mean mention name need occur put read say see seem show sing speak start
    stay stop take tell think try turn use visible want watch write first last next final total whole right left
    different separate number amount""".split()
)

IRREGULAR: dict[str, str] = {
    form: base
    for base, forms in {
        "become": "became", "begin": "began begun", "bend": "bent", "bind": "bound", "bite": "bit bitten",
        "blow": "blew blown", "break": "broke broken", "bring": "brought", "build": "built", "burn": "burnt",
        "buy": "bought", "catch": "caught", "choose": "chose chosen", "come": "came", "dig": "dug",
        "draw": "drew drawn", "drink": "drank drunk", "drive": "drove driven", "eat": "ate eaten",
        "fall": "fell fallen", "feed": "fed", "feel": "felt", "fight": "fought", "find": "found", "flee": "fled",
        "fly": "flew", "forget": "forgot forgotten", "freeze": "froze frozen", "get": "got gotten",
        "give": "gave given", "go": "went gone", "grow": "grew grown", "hang": "hung", "hear": "heard",
        "hide": "hid hidden", "hold": "held", "keep": "kept", "know": "knew known", "lay": "laid", "lead": "led",
        "leave": "left", "lend": "lent", "lie": "lay lain", "lose": "lost", "make": "made", "mean": "meant",
        "meet": "met", "pay": "paid", "ride": "rode ridden", "ring": "rang rung", "rise": "rose risen",
        "run": "ran", "say": "said", "see": "saw seen", "seek": "sought", "sell": "sold", "send": "sent",
        "shake": "shook shaken", "shine": "shone", "shoot": "shot", "show": "shown", "sing": "sang sung",
        "sink": "sunk", "sit": "sat", "sleep": "slept", "speak": "spoke spoken", "spend": "spent",
        "spin": "spun", "stand": "stood", "steal": "stole stolen", "stick": "stuck", "strike": "struck",
        "swim": "swam swum", "swing": "swung", "take": "took taken", "teach": "taught", "tear": "tore torn",
        "tell": "told", "think": "thought", "throw": "threw thrown", "wake": "woke woken", "wear": "wore worn",
        "win": "won", "write": "wrote written", "man": "men", "woman": "women", "child": "children",
        "foot": "feet", "tooth": "teeth", "mouse": "mice", "goose": "geese", "leaf": "leaves", "wife": "wives",
        "life": "lives", "knife": "knives", "wolf": "wolves", "ox": "oxen", "person": "people", "die": "dying dead death",
    }.items()
    for form in forms.split()
}  # fmt: skip

# Sets of words that may stand for each other between a question and what a video says.
SAME_MEANING: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "cost price budget expense expensive pay paid fee",
        "begin start open opening commence launch",
        "end finish close conclude complete over",
        "stop halt pause interrupt",
        "build construct construction erect",
        "repair fix restore mend",
        "break snap collapse fail failure crack",
        "buy purchase acquire",
        "sell sale sold",
        "die death kill perish",
        "big large huge giant great",
        "small little tiny",
        "quick fast rapid speed",
        "author writer write written",
        "director direct directed",
        "producer produce produced production",
        "composer compose composed music score",
        "editor edit edited editing",
        "actor actress star starring cast play",
        "founder found founded establish established",
        "inventor invent invented invention",
        "designer design designed architect",
        "photographer photograph photography photo",
        "illness sickness disease",
        "car automobile vehicle",
        "boat ship vessel",
        "ship vessel sail",
        "road street lane",
        "child kid",
        "woman lady female",
        "man gentleman male",
        "job profession occupation work",
        "home house",
        "web website site url internet address",
        "colour color",
        "grey gray",
        "teacher instructor professor",
        "pupil student",
        "answer reply respond response",
        "ask question request",
        "speak talk",
        "shout yell scream cry",
        "reach arrive arrival come",
        "depart leave departure",
        "receive get obtain",
        "need require requirement",
        "forbid ban prohibit",
        "live reside dwell",
        "hurt injure injury wound",
        "hide conceal",
        "find discover discovery",
        "grow increase rise growth",
        "fall drop decrease decline",
        "send transmit signal",
        "money cash dollar",
        "release released launch",
        "occupant passenger",
        "weather forecast",
        "email mail e-mail",
        "phone telephone",
        "room hall",
        "test quiz exam",
        "long length",
        "tall high height",
        "wide width",
        "deep depth",
        "heavy weight weigh",
        "old age aged",
        "far distance",
        "strand wire",
        "born birth",
        "shut close",
        "marry wed marriage wedding",
        "employ hire",
        "postpone delay",
        "rescue save",
        "damage harm",
    )
)

RECORDING = r"(?:video|film|movie|clip|recording|footage|lecture|talk|episode|documentary|tutorial|meeting)"
"""A pattern for what a question calls the video it is asked of."""

COLOURS = frozenset(
    """red orange yellow green blue purple violet pink magenta brown black white grey gray beige cyan teal turquoise
    gold golden silver navy lavender lime maroon olive crimson scarlet tan indigo""".split()
)

MONTHS = "january february march april may june july august september october november december".split()
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()

NUMBER_WORDS: dict[str, int] = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()
    )
}
TENS: dict[str, int] = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}

# What a measure is a measure of: question word or noun -> (words that label it, units it comes in).
UNITS: dict[str, str] = {
    "length": r"(?:m|metres?|meters?|km|kilomet(?:re|er)s?|cm|mm|feet|foot|ft|miles?|mi|yards?|inch(?:es)?)",
    "time": r"(?:s|seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies))",
    "weight": r"(?:kg|kilos?|kilograms?|grams?|g|tonn?es?|tons?|pounds?|lbs?)",
    "speed": r"(?:km/h|kph|mph|m/s|knots?)",
    "money": r"(?:dollars?|euros?|pounds?|crowns?|francs?|yen|rubles?|cents?|usd|eur|gbp)",
    "percent": r"(?:%|percent|per cent)",
    "temperature": r"(?:°\s?[CF]?|degrees?)",
}
DIMENSIONS: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "long": (frozenset({"length", "long"}), ("length", "time")),
    "lasting": (frozenset({"duration", "last", "take", "stay", "for"}), ("time",)),
    "tall": (frozenset({"height", "tall", "high", "rise"}), ("length",)),
    "high": (frozenset({"height", "tall", "high", "rise", "altitude"}), ("length",)),
    "wide": (frozenset({"width", "wide"}), ("length",)),
    "deep": (frozenset({"depth", "deep"}), ("length",)),
    "far": (frozenset({"distance", "far", "away"}), ("length",)),
    "heavy": (frozenset({"weight", "heavy", "weigh", "mass"}), ("weight",)),
    "fast": (frozenset({"speed", "fast", "velocity"}), ("speed",)),
    "old": (frozenset({"age", "old", "aged"}), ("time",)),
    "big": (frozenset({"size", "big", "large", "area"}), ("length",)),
    "large": (frozenset({"size", "big", "large", "area"}), ("length",)),
    "expensive": (frozenset({"cost", "price", "expensive"}), ("money",)),
    "hot": (frozenset({"temperature", "hot"}), ("temperature",)),
    "cold": (frozenset({"temperature", "cold"}), ("temperature",)),
}
