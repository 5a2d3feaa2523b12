"""Many videos and their questions: everything the command line does, in Python.

>>> from video_vlm import VideoQA
>>> with VideoQA("sample/library") as videos:
...     answer = videos.ask("sample/film.mp4", "What happens after the keeper falls asleep?")
...     moments = videos.search("lemon", limit=1)
...     scenes = videos.scenes("sample/film.mp4")
>>> print(answer.citations[0], answer.citations[0].quote)
[0:23–0:26] The lamp goes out, and nobody on the shore notices.
>>> print(moments[0].span, moments[0].text)
0:28–0:32 In the village Mira buys a lemon and a ball of string.
>>> print(*(scene.span for scene in scenes[:3]))
0:00–0:13 0:13–0:27 0:27–0:41
"""

from __future__ import annotations

from video_vlm.library.engines import Engine
from video_vlm.library.plans import Plans
from video_vlm.library.video_qa import VideoQA

__all__ = ["Engine", "Plans", "VideoQA"]
