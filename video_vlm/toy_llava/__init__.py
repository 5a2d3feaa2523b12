"""Visual instruction tuning of a small model on the scripted world, by the recipe of LLaVA (Liu et al.
2023)."""
