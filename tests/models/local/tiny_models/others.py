"""Tiny models of the other families."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.models.local.tiny_models.parts import EYES, SIDE, TEXT, of_processor, save, tokenizer


def gemma3(folder: Path) -> Path:
    import transformers

    names = {
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
        "image_token": "<image_soft_token>",
    }
    tokens = tokenizer([*names.values()], "<start_of_image>", **names)
    start, end, image = tokens.convert_tokens_to_ids([*names.values()])
    text = {**TEXT, "vocab_size": len(tokens), "sliding_window": 128, "pad_token_id": 0}
    config = transformers.Gemma3Config(
        text_config=text,
        vision_config={**EYES, "image_size": 32, "patch_size": 8},
        mm_tokens_per_image=4,
        boi_token_index=start,
        eoi_token_index=end,
        image_token_index=image,
    )
    pictures = transformers.Gemma3ImageProcessorPil(size=SIDE, do_pan_and_scan=False)
    processor = transformers.Gemma3Processor(
        image_processor=pictures, tokenizer=tokens, chat_template=tokens.chat_template, image_seq_length=4
    )
    return save(folder, transformers.Gemma3ForConditionalGeneration(config), processor)


def gemma4(folder: Path) -> Path:
    import transformers

    names = {
        "boi_token": "<|image>",
        "eoi_token": "<image|>",
        "image_token": "<|image|>",
        "boa_token": "<|audio>",
        "eoa_token": "<audio|>",
        "audio_token": "<|audio|>",
    }
    tokens = tokenizer([*names.values(), "<|video|>"], "<|image|>", **names)
    start, end, image, _, _, audio = tokens.convert_tokens_to_ids([*names.values()])
    text = {
        **TEXT,
        "vocab_size": len(tokens),
        "vocab_size_per_layer_input": len(tokens),
        "hidden_size_per_layer_input": 8,
        "global_head_dim": 8,
        "sliding_window": 128,
        "layer_types": ["sliding_attention", "full_attention"],
    }
    eyes = {**EYES, "num_key_value_heads": 2, "head_dim": 16, "patch_size": 8, "pooling_kernel_size": 2}
    config = transformers.Gemma4Config(
        text_config=text,
        vision_config={**eyes, "position_embedding_size": 64},
        audio_config=None,
        boi_token_id=start,
        eoi_token_id=end,
        image_token_id=image,
        audio_token_id=audio,
        video_token_id=tokens.convert_tokens_to_ids("<|video|>"),
    )
    pictures = transformers.Gemma4ImageProcessorPil(patch_size=8, max_soft_tokens=70, pooling_kernel_size=2)
    sound = transformers.Gemma4AudioFeatureExtractor()
    model = transformers.Gemma4ForConditionalGeneration(config)
    processor = of_processor("Gemma4Processor", image_seq_length=70)
    return save(folder, model, tokens, sound, pictures, processor)


def glm46v(folder: Path) -> Path:
    import transformers

    special = {
        "<|image|>": "image_token_id",
        "<|video|>": "video_token_id",
        "<|begin_of_image|>": "image_start_token_id",
        "<|end_of_image|>": "image_end_token_id",
        "<|begin_of_video|>": "video_start_token_id",
        "<|end_of_video|>": "video_end_token_id",
    }
    tokens = tokenizer(list(special), "<|begin_of_image|><|image|><|end_of_image|>")
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
    config = transformers.Glm46VConfig(
        text_config={**TEXT, "vocab_size": len(tokens), "rope_parameters": rope},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "image_size": 64,
            "patch_size": 8,
            "out_hidden_size": 32,
        },
        **{name: tokens.convert_tokens_to_ids(token) for token, name in special.items()},
    )
    sizes = {"shortest_edge": 512, "longest_edge": 8192}
    pictures = transformers.Glm46VImageProcessorPil(patch_size=8, size=sizes)
    model = transformers.Glm46VForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, of_processor("Glm46VProcessor"))


def minicpmv(folder: Path) -> Path:
    import transformers

    names = {
        "image_token": "<|image_pad|>",
        "video_token": "<|video_pad|>",
        "image_start_token": "<image>",
        "image_end_token": "</image>",
        "slice_start_token": "<slice>",
        "slice_end_token": "</slice>",
        "image_id_start_token": "<image_id>",
        "image_id_end_token": "</image_id>",
    }
    tokens = tokenizer([*names.values()], "<|image_pad|>", **names)
    image, video = tokens.convert_tokens_to_ids(["<|image_pad|>", "<|video_pad|>"])
    config = transformers.MiniCPMV4_6Config(
        text_config=transformers.Qwen3Config(**{**TEXT, "vocab_size": len(tokens)}),
        vision_config={**EYES, "image_size": 64, "patch_size": 8},
        insert_layer_id=0,
        image_size=64,
        image_token_id=image,
        video_token_id=video,
    )
    pictures = transformers.MiniCPMV4_6ImageProcessorPil(
        patch_size=8, scale_resolution=64, slice_mode=False, use_image_id=False
    )
    model = transformers.MiniCPMV4_6ForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, of_processor("MiniCPMV4_6Processor"))


def video_llama_3(folder: Path) -> Path:
    import transformers

    tokens = tokenizer(["<|image_pad|>", "<|video_pad|>"], "<|image_pad|>")
    image, video = tokens.convert_tokens_to_ids(["<|image_pad|>", "<|video_pad|>"])
    config = transformers.VideoLlama3Config(
        text_config=transformers.Qwen2Config(**{**TEXT, "vocab_size": len(tokens)}),
        vision_config={**EYES, "patch_size": 8},
        image_token_id=image,
        video_token_id=video,
    )
    sizes = {"shortest_edge": 256, "longest_edge": 4096}
    pictures = transformers.VideoLlama3ImageProcessorPil(patch_size=8, size=sizes)
    model = transformers.VideoLlama3ForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, of_processor("VideoLlama3Processor"))


def molmo2(folder: Path) -> Path:
    import transformers

    special = ["<|image|>", "<|video|>", "<im_patch>", "<im_col>", "<im_start>", "<low_res_im_start>"]
    special += ["<im_end>", "<frame_start>", "<frame_end>", "<im_low>"]
    tokens = tokenizer(special, "<|image|>", image_token="<|image|>", video_token="<|video|>")
    _, _, patch, _, start, low, end, first, last, _ = tokens.convert_tokens_to_ids(special)
    eyes = {**EYES, "num_key_value_heads": 2, "head_dim": 16}
    config = transformers.Molmo2Config(
        text_config={**TEXT, "vocab_size": len(tokens), "additional_vocab_size": 0},
        vision_config={**eyes, "image_size": [32, 32], "patch_size": 8},
        adapter_config={
            **eyes,
            "num_hidden_layers": None,
            "vision_feature_layer": [1, 0],
            "text_hidden_size": 32,
        },
        image_start_token_id=start,
        low_res_image_start_token_id=low,
        image_end_token_id=end,
        image_patch_id=patch,
        frame_start_token_id=first,
        frame_end_token_id=last,
    )
    processor = transformers.Molmo2Processor(
        transformers.Molmo2ImageProcessor(
            size=SIDE, patch_size=8, pooling_size=[2, 2], max_crops=2, overlap_margins=[0, 0]
        ),
        transformers.Molmo2VideoProcessor(size=SIDE, patch_size=8),
        tokens,
        chat_template=tokens.chat_template,
    )
    return save(folder, transformers.Molmo2ForConditionalGeneration(config), processor)


def perception_lm(folder: Path) -> Path:
    import transformers

    tokens = tokenizer(
        ["<|image|>", "<|video|>"], "<|image|>", image_token="<|image|>", video_token="<|video|>"
    )
    image, video = tokens.convert_tokens_to_ids(["<|image|>", "<|video|>"])
    shape = {"embed_dim": 32, "depth": 1, "num_heads": 2, "img_size": [32, 32], "patch_size": 8}
    shape |= {"ref_feat_shape": [4, 4], "global_pool": "", "use_post_transformer_norm": False}
    config = transformers.PerceptionLMConfig(
        text_config={**TEXT, "model_type": "llama", "vocab_size": len(tokens)},
        vision_config={
            "model_type": "timm_wrapper",
            "architecture": "vit_pe_core_tiny_patch16_384",
            "model_args": shape,
        },
        projector_pooling_ratio=2,
        image_token_id=image,
        video_token_id=video,
    )
    processor = transformers.PerceptionLMProcessor(
        transformers.PerceptionLMVideoProcessor(size=SIDE),
        transformers.PerceptionLMImageProcessor(tile_size=32, max_num_tiles=1, vision_input_type="vanilla"),
        tokens,
        patch_size=8,
        pooling_ratio=2,
        chat_template=tokens.chat_template,
    )
    return save(folder, transformers.PerceptionLMForConditionalGeneration(config), processor)


def llama(folder: Path) -> Path:
    """Without eyes."""
    import transformers

    tokens = tokenizer([])
    config = transformers.LlamaConfig(**{**TEXT, "vocab_size": len(tokens)})
    return save(folder, transformers.LlamaForCausalLM(config), tokens)


def blip_2(folder: Path) -> Path:
    """One picture, and no chat template."""
    import transformers

    tokens = _without_template("<image>")
    config = transformers.Blip2Config(
        **_blip(len(tokens)), image_token_index=tokens.convert_tokens_to_ids("<image>"), num_query_tokens=4
    )
    pictures = transformers.BlipImageProcessorPil(size=SIDE)
    model = transformers.Blip2ForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, of_processor("Blip2Processor", num_query_tokens=4))


def instructblip(folder: Path) -> Path:
    """One picture and one instruction, which a tokenizer of its own reads too."""
    import transformers

    tokens = _without_template("<image>")
    config = transformers.InstructBlipConfig(
        **_blip(len(tokens)), image_token_index=tokens.convert_tokens_to_ids("<image>"), num_query_tokens=4
    )
    pictures = transformers.BlipImageProcessorPil(size=SIDE)
    processor = transformers.InstructBlipProcessor(pictures, tokens, tokens, num_query_tokens=4)
    return save(folder, transformers.InstructBlipForConditionalGeneration(config), processor)


def instructblip_video(folder: Path) -> Path:
    """The same with four pictures, never more or fewer."""
    import transformers

    tokens = _without_template("<video>")
    config = transformers.InstructBlipVideoConfig(
        **_blip(len(tokens)), video_token_index=tokens.convert_tokens_to_ids("<video>"), num_query_tokens=4
    )
    videos = transformers.InstructBlipVideoVideoProcessor(size=SIDE)
    processor = transformers.InstructBlipVideoProcessor(videos, tokens, tokens, num_query_tokens=4)
    return save(folder, transformers.InstructBlipVideoForConditionalGeneration(config), processor)


def _without_template(picture: str) -> Any:
    tokens = tokenizer([picture])
    tokens.chat_template = None
    return tokens


def _blip(num_tokens: int) -> dict[str, Any]:
    """What the three have in common."""
    import transformers

    return {
        "vision_config": {**EYES, "image_size": 32, "patch_size": 8},
        "qformer_config": {**EYES, "encoder_hidden_size": 32, "vocab_size": num_tokens},
        "text_config": transformers.OPTConfig(
            vocab_size=num_tokens,
            hidden_size=32,
            ffn_dim=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            word_embed_proj_dim=32,
            max_position_embeddings=4096,
            pad_token_id=0,
        ),
    }
