"""What tiny models share: a tokenizer of bytes, small sizes, and the way they are saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["EYES", "SIDE", "TEXT", "of_processor", "save", "tokenizer"]

_TURN = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
_END = "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


def _template(picture: str) -> str:
    piece = f"{{% if c['type'] == 'image' %}}{picture}{{% else %}}{{{{ c['text'] }}}}{{% endif %}}"
    body = "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}" + piece
    return _TURN + body + "{% endfor %}{% endif %}" + _END


def tokenizer(special: Sequence[str], picture: str = "", **attributes: str) -> Any:
    """A byte for a token, and the family's own tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = {letter: place for place, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    bytes_only = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(
        tokenizer_object=bytes_only,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=attributes,
    )
    made.add_tokens(["<|im_start|>", *special], special_tokens=True)
    made.chat_template = _template(picture)
    return made


TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 4096,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": 0,
}
EYES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
SIDE = {"height": 32, "width": 32}


def of_processor(name: str, **settings: Any) -> dict[str, Any]:
    """What the family's processor would have written of itself."""
    return {"processor_class": name, **settings}


def save(folder: Path, *parts: Any) -> Path:
    """Parts of a model, and what a processor keeps of itself, as ``save_pretrained`` lays them down."""
    for part in parts:
        if isinstance(part, dict):
            (folder / "processor_config.json").write_text(json.dumps(part), encoding="utf-8")
        else:
            part.save_pretrained(folder)
    return folder
