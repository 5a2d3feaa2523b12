"""A small LLaVA that a CPU trains in minutes: a SigLIP tower, a projector of two layers, a Qwen2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from video_vlm.toy_llava.induction_init import init_induction_heads
from video_vlm.toy_llava.word_tokenizer import IMAGE, make_tokenizer

__all__ = ["SmallSettings", "make_model", "make_processor"]


@dataclass(frozen=True, slots=True)
class SmallSettings:
    """How large it is. Pictures have ``side`` pixels, and ``(side / patch)`` squared tokens."""

    side: int = 64
    patch: int = 16
    tower_width: int = 128
    tower_layers: int = 3
    width: int = 96
    layers: int = 4
    heads: int = 3
    context_tokens: int = 4096


def make_processor(words: frozenset[str], settings: SmallSettings) -> Any:
    """Tokenizer and image processor, as the family has them."""
    import transformers

    tokenizer = make_tokenizer(words)
    pictures = transformers.SiglipImageProcessorPil(size={"height": settings.side, "width": settings.side})
    return transformers.LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=settings.patch,
        vision_feature_select_strategy="full",
        chat_template=tokenizer.chat_template,
        num_additional_image_tokens=0,
    )


def make_model(processor: Any, settings: SmallSettings) -> Any:
    """The model with random weights."""
    import transformers

    tokenizer = processor.tokenizer
    tower = transformers.SiglipVisionConfig(
        hidden_size=settings.tower_width,
        intermediate_size=3 * settings.tower_width,
        num_hidden_layers=settings.tower_layers,
        num_attention_heads=4,
        image_size=settings.side,
        patch_size=settings.patch,
        vision_use_head=False,
    )
    text = transformers.Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=settings.width,
        intermediate_size=2 * settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        max_position_embeddings=settings.context_tokens,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # The usual 0.02 is for widths in the thousands.
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        initializer_range=settings.width**-0.5,
        tie_word_embeddings=True,
    )
    config = transformers.LlavaConfig(
        text_config=text,
        vision_config=tower,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=(settings.side // settings.patch) ** 2,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        tie_word_embeddings=True,
    )
    model = transformers.LlavaForConditionalGeneration(config)
    if settings.layers > 1:
        init_induction_heads(model.model.language_model, settings.width // settings.heads)
    return model
