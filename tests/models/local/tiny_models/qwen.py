"""Tiny models of the Qwen line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.models.local.tiny_models.parts import TEXT, of_processor, save, tokenizer

_SPECIAL = {
    "<|vision_start|>": "vision_start_token_id",
    "<|vision_end|>": "vision_end_token_id",
    "<|image_pad|>": "image_token_id",
    "<|video_pad|>": "video_token_id",
}
_ROPE = {"rope_type": "default", "mrope_section": [2, 1, 1]}
_EYES = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "patch_size": 8}


def qwen3_vl(folder: Path) -> Path:
    import transformers

    tokens, numbers = _tokens()
    eyes = {**_EYES, "out_hidden_size": 32, "deepstack_visual_indexes": [0], "num_position_embeddings": 64}
    text = {**TEXT, "vocab_size": len(tokens), "rope_scaling": {**_ROPE, "mrope_interleaved": True}}
    config = transformers.Qwen3VLConfig(text_config=text, vision_config=eyes, **numbers)
    return save(folder, transformers.Qwen3VLForConditionalGeneration(config), tokens, _pictures())


def qwen2_vl(folder: Path) -> Path:
    return _older(folder, "Qwen2VL", {"embed_dim": 32, "hidden_size": 32, "mlp_ratio": 2})


def qwen2_5_vl(folder: Path) -> Path:
    eyes = {"hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 64, "fullatt_block_indexes": [1]}
    return _older(folder, "Qwen2_5_VL", {**eyes, "window_size": 32})


def qwen3_5(folder: Path) -> Path:
    """Layers of linear attention between those of full attention."""
    import transformers

    tokens, numbers = _tokens()
    linear = {"linear_num_key_heads": 2, "linear_num_value_heads": 2}
    text = {
        **TEXT,
        **linear,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 8,
        "layer_types": ["linear_attention", "full_attention"],
        "rope_parameters": {
            **_ROPE,
            "rope_theta": 10000.0,
            "partial_rotary_factor": 1.0,
            "mrope_interleaved": True,
        },
    }
    eyes = {**_EYES, "out_hidden_size": 32, "num_position_embeddings": 64}
    config = transformers.Qwen3_5Config(
        text_config={**text, "vocab_size": len(tokens)}, vision_config=eyes, **numbers
    )
    return save(folder, transformers.Qwen3_5ForConditionalGeneration(config), tokens, _pictures())


def qwen3(folder: Path) -> Path:
    """Without eyes."""
    import transformers

    tokens = tokenizer([])
    config = transformers.Qwen3Config(**{**TEXT, "vocab_size": len(tokens)})
    return save(folder, transformers.Qwen3ForCausalLM(config), tokens)


def _older(folder: Path, family: str, eyes: dict[str, Any]) -> Path:
    import transformers

    tokens, numbers = _tokens()
    vision = {"depth": 2, "num_heads": 2, "patch_size": 8, **eyes}
    config = getattr(transformers, f"{family}Config")(
        text_config={**TEXT, "vocab_size": len(tokens), "rope_scaling": _ROPE},
        vision_config=vision,
        **numbers,
    )
    model = getattr(transformers, f"{family}ForConditionalGeneration")(config)
    processor = of_processor(f"{family}Processor")
    return save(folder, model, tokens, _pictures(), processor)


def _tokens() -> tuple[Any, dict[str, int]]:
    tokens = tokenizer(list(_SPECIAL), "<|vision_start|><|image_pad|><|vision_end|>")
    return tokens, {name: tokens.convert_tokens_to_ids(token) for token, name in _SPECIAL.items()}


def _pictures() -> Any:
    import transformers

    return transformers.Qwen2VLImageProcessorPil(
        patch_size=8, size={"shortest_edge": 256, "longest_edge": 4096}
    )
