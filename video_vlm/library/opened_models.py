"""Who answers and who detects: opened for the first question, and kept for the next."""

from __future__ import annotations

from threading import Lock

from video_vlm.chat import ChatModel
from video_vlm.errors import ModelError
from video_vlm.memory import Library
from video_vlm.models import open_detector, open_model
from video_vlm.protocols import Answerer, Detector
from video_vlm.settings import AskSettings

__all__ = ["OpenedModels"]


class OpenedModels:
    """The models of one library. Shared by threads: each model is opened once.

    Args:
        library: Where a model may keep what it made of pictures.
        settings: Which models, where none is given.
        answerer: Who answers, instead of ``settings.model``.
        detector: Who finds what words name in a picture, instead of ``settings.detector``.
    """

    def __init__(
        self,
        library: Library,
        *,
        settings: AskSettings,
        answerer: ChatModel | Answerer | None,
        detector: Detector | None,
    ) -> None:
        self._library = library
        self._settings = settings
        self._answerer = answerer
        self._detector = detector
        self._opening = Lock()

    def answerer(self) -> Answerer | ChatModel:
        """Who answers.

        Raises:
            ModelError: the model cannot be loaded or reached.
            UnknownName: the settings name a model nobody registered.
        """
        with self._opening:
            self._answerer = self._answerer or open_model(self._settings, self._library)
            return self._answerer

    def chat_model(self, *, lacking: str) -> ChatModel:
        """Who answers, if that is a language model.

        Raises:
            ModelError: it is none; the message says what it is ``lacking``. Or as :meth:`answerer`.
        """
        model = self.answerer()
        if not isinstance(model, ChatModel):
            raise ModelError(f"{model.name} {lacking}")
        return model

    def detector(self) -> Detector | None:
        """Who finds what words name in a picture; None for nobody.

        Raises:
            MissingExtra: torch or transformers is not installed.
            ModelError: it is not there, or cannot be loaded.
        """
        with self._opening:
            self._detector = self._detector or open_detector(self._settings)
            return self._detector
