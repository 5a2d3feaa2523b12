"""Tiny models of the LLaVA line: a tower, a projector and a language model."""

from __future__ import annotations

from pathlib import Path

from tests.models.local.tiny_models.parts import EYES, SIDE, TEXT, of_processor, save, tokenizer


def llava_onevision(folder: Path) -> Path:
    import transformers

    tokens = tokenizer(["<image>", "<video>"], "<image>\n")
    image, video = tokens.convert_tokens_to_ids(["<image>", "<video>"])
    config = transformers.LlavaOnevisionConfig(
        text_config=transformers.Qwen2Config(**{**TEXT, "vocab_size": len(tokens)}),
        vision_config=transformers.SiglipVisionConfig(**EYES, image_size=32, patch_size=8),
        image_token_index=image,
        video_token_index=video,
        image_grid_pinpoints=[[32, 32]],
    )
    pictures = transformers.LlavaOnevisionImageProcessorPil(size=SIDE, image_grid_pinpoints=[[32, 32]])
    processor = of_processor("LlavaOnevisionProcessor", num_image_tokens=16)
    model = transformers.LlavaOnevisionForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, processor)


def internvl(folder: Path) -> Path:
    import transformers

    special = ["<IMG_CONTEXT>", "<img>", "</img>", "<video>"]
    names = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
    }
    tokens = tokenizer(special, "<IMG_CONTEXT>\n", **names, video_token="<video>")
    config = transformers.InternVLConfig(
        text_config=transformers.Qwen2Config(**{**TEXT, "vocab_size": len(tokens)}),
        vision_config={**EYES, "image_size": [32, 32], "patch_size": [8, 8]},
        image_token_id=tokens.convert_tokens_to_ids("<IMG_CONTEXT>"),
    )
    pictures = transformers.GotOcr2ImageProcessorPil(size=SIDE, crop_to_patches=False)
    processor = of_processor("InternVLProcessor", image_seq_length=4)
    model = transformers.InternVLForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, processor)


def smolvlm(folder: Path) -> Path:
    import transformers

    special = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    names = {"image_token": special[0], "fake_image_token": special[1], "global_image_token": special[2]}
    tokens = tokenizer(special, "<image>", **names)
    config = transformers.SmolVLMConfig(
        text_config={**TEXT, "model_type": "llama", "vocab_size": len(tokens)},
        vision_config={**EYES, "image_size": 32, "patch_size": 8},
        scale_factor=2,
        image_token_id=tokens.convert_tokens_to_ids("<image>"),
        pad_token_id=0,
    )
    pictures = transformers.SmolVLMImageProcessorPil(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
    )
    processor = of_processor("SmolVLMProcessor", image_seq_len=4)
    model = transformers.SmolVLMForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, processor)


def llava_next_video(folder: Path) -> Path:
    import transformers

    tokens = tokenizer(["<image>", "<video>"], "<image>\n")
    image, video = tokens.convert_tokens_to_ids(["<image>", "<video>"])
    config = transformers.LlavaNextVideoConfig(
        text_config=transformers.LlamaConfig(**{**TEXT, "vocab_size": len(tokens)}),
        vision_config=transformers.CLIPVisionConfig(**EYES, image_size=32, patch_size=8),
        image_token_index=image,
        video_token_index=video,
        image_grid_pinpoints=[[32, 64], [64, 32]],
    )
    pictures = transformers.LlavaNextImageProcessorPil(
        size={"shortest_edge": 32}, crop_size=SIDE, image_grid_pinpoints=[[32, 64], [64, 32]]
    )
    processor = of_processor(
        "LlavaNextVideoProcessor",
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
    model = transformers.LlavaNextVideoForConditionalGeneration(config)
    return save(folder, model, tokens, pictures, processor)


def video_llava(folder: Path) -> Path:
    import transformers

    tokens = tokenizer(["<image>", "<video>"], "<image>\n")
    image, video = tokens.convert_tokens_to_ids(["<image>", "<video>"])
    config = transformers.VideoLlavaConfig(
        text_config=transformers.LlamaConfig(**{**TEXT, "vocab_size": len(tokens)}),
        vision_config=transformers.CLIPVisionConfig(**EYES, image_size=32, patch_size=8),
        image_token_index=image,
        video_token_index=video,
    )
    pictures = transformers.CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=SIDE)
    processor = of_processor("VideoLlavaProcessor", patch_size=8)
    return save(folder, transformers.VideoLlavaForConditionalGeneration(config), tokens, pictures, processor)
