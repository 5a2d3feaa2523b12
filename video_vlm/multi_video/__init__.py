"""One question to many videos: which of them to ask, and one answer from theirs."""

from video_vlm.multi_video.answer import LibraryAnswer, LibraryCoverage, VideoCitation, VideoClaim
from video_vlm.multi_video.ask import answer_each, answer_library

__all__ = ["LibraryAnswer", "LibraryCoverage", "VideoCitation", "VideoClaim", "answer_each", "answer_library"]
