"""Tiny language models with random weights, as their families save them: built from configurations, no download."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

__all__ = ["FAMILIES", "TEXT_FAMILIES"]

_TURN = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
_END = "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


def _template(picture: str) -> str:
    piece = f"{{% if c['type'] == 'image' %}}{picture}{{% else %}}{{{{ c['text'] }}}}{{% endif %}}"
    body = "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}" + piece
    return _TURN + body + "{% endfor %}{% endif %}" + _END


def _tokenizer(special: Sequence[str], picture: str = "", **attributes: str) -> Any:
    """A byte for a token, and the family's own tokens."""
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


_TEXT = {
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
_EYES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_SIDE = {"height": 32, "width": 32}


def _save(folder: Path, *parts: Any) -> Path:
    for part in parts:
        part.save_pretrained(folder)
    return folder


def qwen3_vl(folder: Path) -> Path:
    import transformers

    special = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokens = _tokenizer(special, "<|vision_start|><|image_pad|><|vision_end|>")
    start, end, image, video = tokens.convert_tokens_to_ids(special)
    rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "mrope_interleaved": True}
    config = transformers.Qwen3VLConfig(
        text_config={**_TEXT, "vocab_size": len(tokens), "rope_scaling": rope},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "patch_size": 8,
            "out_hidden_size": 32,
            "deepstack_visual_indexes": [0],
            "num_position_embeddings": 64,
        },
        vision_start_token_id=start,
        vision_end_token_id=end,
        image_token_id=image,
        video_token_id=video,
    )
    sizes = {"shortest_edge": 256, "longest_edge": 4096}
    pictures = transformers.Qwen2VLImageProcessorPil(patch_size=8, size=sizes)
    return _save(folder, transformers.Qwen3VLForConditionalGeneration(config), tokens, pictures)


def llava_onevision(folder: Path) -> Path:
    import transformers

    tokens = _tokenizer(["<image>", "<video>"], "<image>\n")
    image, video = tokens.convert_tokens_to_ids(["<image>", "<video>"])
    config = transformers.LlavaOnevisionConfig(
        text_config=transformers.Qwen2Config(**{**_TEXT, "vocab_size": len(tokens)}),
        vision_config=transformers.SiglipVisionConfig(**_EYES, image_size=32, patch_size=8),
        image_token_index=image,
        video_token_index=video,
        image_grid_pinpoints=[[32, 32]],
    )
    pictures = transformers.LlavaOnevisionImageProcessorPil(size=_SIDE, image_grid_pinpoints=[[32, 32]])
    processor = _for_pictures("LlavaOnevisionProcessor", pictures, tokens, num_image_tokens=16)
    model = transformers.LlavaOnevisionForConditionalGeneration(config)
    return _saved_with_settings(folder, model, processor, tokens, pictures)


def internvl(folder: Path) -> Path:
    import transformers

    special = ["<IMG_CONTEXT>", "<img>", "</img>", "<video>"]
    names = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    tokens = _tokenizer(special, "<IMG_CONTEXT>\n", **names, video_token="<video>")  # noqa: S106 - no password
    config = transformers.InternVLConfig(
        text_config=transformers.Qwen2Config(**{**_TEXT, "vocab_size": len(tokens)}),
        vision_config={**_EYES, "image_size": [32, 32], "patch_size": [8, 8]},
        image_token_id=tokens.convert_tokens_to_ids("<IMG_CONTEXT>"),
    )
    pictures = transformers.GotOcr2ImageProcessorPil(size=_SIDE, crop_to_patches=False)
    processor = _for_pictures("InternVLProcessor", pictures, tokens, image_seq_length=4)
    model = transformers.InternVLForConditionalGeneration(config)
    return _saved_with_settings(folder, model, processor, tokens, pictures)


def gemma3(folder: Path) -> Path:
    import transformers

    names = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    tokens = _tokenizer([*names.values()], "<start_of_image>", **names)
    start, end, image = tokens.convert_tokens_to_ids([*names.values()])
    text = {**_TEXT, "vocab_size": len(tokens), "sliding_window": 128, "pad_token_id": 0}
    config = transformers.Gemma3Config(
        text_config=text,
        vision_config={**_EYES, "image_size": 32, "patch_size": 8},
        mm_tokens_per_image=4,
        boi_token_index=start,
        eoi_token_index=end,
        image_token_index=image,
    )
    pictures = transformers.Gemma3ImageProcessorPil(size=_SIDE, do_pan_and_scan=False)
    processor = transformers.Gemma3Processor(
        image_processor=pictures, tokenizer=tokens, chat_template=tokens.chat_template, image_seq_length=4
    )
    return _save(folder, transformers.Gemma3ForConditionalGeneration(config), processor)


def smolvlm(folder: Path) -> Path:
    import transformers

    special = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    names = {"image_token": special[0], "fake_image_token": special[1], "global_image_token": special[2]}
    tokens = _tokenizer(special, "<image>", **names)
    config = transformers.SmolVLMConfig(
        text_config={**_TEXT, "model_type": "llama", "vocab_size": len(tokens)},
        vision_config={**_EYES, "image_size": 32, "patch_size": 8},
        scale_factor=2,
        image_token_id=tokens.convert_tokens_to_ids("<image>"),
        pad_token_id=0,
    )
    pictures = transformers.SmolVLMImageProcessorPil(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
    )
    processor = _for_pictures("SmolVLMProcessor", pictures, tokens, image_seq_len=4)
    model = transformers.SmolVLMForConditionalGeneration(config)
    return _saved_with_settings(folder, model, processor, tokens, pictures)


def _for_pictures(name: str, pictures: Any, tokens: Any, **settings: Any) -> dict[str, Any]:
    """What the family's processor would have written of itself."""
    return {"processor_class": name, **settings}


def _saved_with_settings(folder: Path, model: Any, settings: dict[str, Any], tokens: Any, pictures: Any) -> Path:
    import json

    _save(folder, model, tokens, pictures)
    (folder / "processor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def qwen3(folder: Path) -> Path:
    import transformers

    tokens = _tokenizer([])
    config = transformers.Qwen3Config(**{**_TEXT, "vocab_size": len(tokens)})
    return _save(folder, transformers.Qwen3ForCausalLM(config), tokens)


def llama(folder: Path) -> Path:
    import transformers

    tokens = _tokenizer([])
    config = transformers.LlamaConfig(**{**_TEXT, "vocab_size": len(tokens)})
    return _save(folder, transformers.LlamaForCausalLM(config), tokens)


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "qwen3_vl": qwen3_vl,
    "llava_onevision": llava_onevision,
    "internvl": internvl,
    "gemma3": gemma3,
    "smolvlm": smolvlm,
}
TEXT_FAMILIES: dict[str, Callable[[Path], Path]] = {"qwen3": qwen3, "llama": llama}
