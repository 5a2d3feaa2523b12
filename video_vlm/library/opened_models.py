"""The answering model and the detector: opened for the first question, and kept for the next."""

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
        library: The library whose cache of image features a model may use.
        settings: The names of the models, where none is given.
        answerer: The answering model, instead of ``settings.model``.
        detector: The detector of objects, instead of ``settings.detector``.
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

    @property
    def reads_words(self) -> bool:
        """Whether the built-in reader answers. Nothing is opened."""
        name = self._settings.model if self._answerer is None else self._answerer.name
        return name == "builtin"

    def answerer(self) -> Answerer | ChatModel:
        """The answering model.

        Raises:
            ModelError: the model cannot be loaded or reached.
            UnknownName: the settings name a model that is not registered.
        """
        with self._opening:
            self._answerer = self._answerer or open_model(self._settings, self._library)
            return self._answerer

    def chat_model(self, *, lacking: str) -> ChatModel:
        """The answering model, if it is a language model.

        Raises:
            ModelError: it is not, and the message says what it is ``lacking``; or it cannot be loaded or
                reached.
            UnknownName: the settings name a model that is not registered.
        """
        model = self.answerer()
        if not isinstance(model, ChatModel):
            raise ModelError(f"{model.name} {lacking}")
        return model

    def detector(self) -> Detector | None:
        """The detector of objects; None if there is none.

        Raises:
            MissingExtra: torch or transformers is not installed.
            ModelError: it is not there, or cannot be loaded.
        """
        with self._opening:
            self._detector = self._detector or open_detector(self._settings)
            return self._detector
