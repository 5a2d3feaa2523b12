"""Models behind a server that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, llama.cpp, Ollama, LM
Studio."""

from __future__ import annotations

from video_vlm.models.server.chat import ServerChat, ServerSettings, open_ollama, open_server, server_settings

__all__ = ["ServerChat", "ServerSettings", "open_ollama", "open_server", "server_settings"]
