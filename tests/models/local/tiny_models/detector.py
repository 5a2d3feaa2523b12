"""A tiny Grounding DINO with random weights."""

from __future__ import annotations

from pathlib import Path

__all__ = ["grounding_dino"]

_WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", "a", "red", "blue", "ball", "boat", "##s")


def grounding_dino(folder: Path) -> Path:
    import transformers

    tokens = transformers.BertTokenizerFast(vocab={word: place for place, word in enumerate(_WORDS)})
    sizes = {
        "d_model": 32,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "encoder_layers": 1,
        "decoder_layers": 2,
    }
    heads = {
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "num_queries": 8,
        "num_feature_levels": 3,
    }
    config = transformers.GroundingDinoConfig(
        backbone_config=transformers.SwinConfig(
            image_size=64,
            patch_size=4,
            embed_dim=8,
            depths=[1, 1, 1, 1],
            num_heads=[1, 2, 2, 2],
            window_size=4,
            out_features=["stage2", "stage3", "stage4"],
        ),
        text_config=transformers.BertConfig(
            vocab_size=len(_WORDS),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
        ),
        max_text_len=32,
        **sizes,
        **heads,
    )
    pictures = transformers.GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})
    for part in (transformers.GroundingDinoForObjectDetection(config), tokens, pictures):
        part.save_pretrained(folder)
    return folder
