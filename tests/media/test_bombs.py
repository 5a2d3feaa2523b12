"""A few kilobytes that claim gigabytes: neither memory nor time follows the claim."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zlib
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image

from tests.media.reels import Reel, steady, write_reel
from video_vlm.errors import MediaError, UnreadableVideo
from video_vlm.media.container import MAX_PIXELS
from video_vlm.media.indexed import covers_are_too_large
from video_vlm.media.pictures import read_picture
from video_vlm.media.probe import probe

MEASURE = """
import resource, sys
from pathlib import Path
from video_vlm.media.probe import probe
from video_vlm.media.pyav import PyAVReader
import video_vlm.cli.app
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with PyAVReader(Path(sys.argv[1])) as reader:
    pictures = sum(1 for _ in reader.scan())
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(pictures, (after - before) // (1024 if sys.platform != "darwin" else 1 << 20))
"""


def png(width: int, height: int, *, depth: int, colour: int) -> bytes:
    """A black picture; nothing that large is ever held."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    packer = zlib.compressobj(1)
    row = bytes(1 + width * channels * depth // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def picture(form: str, side: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (side, side)).save(out, form)
    return out.getvalue()


def with_covers(path: Path, covers: list[tuple[str, bytes]]) -> Path:
    """The reel with attachments, as Matroska."""
    plain = write_reel(path.with_suffix(".mp4"), Reel(steady(20)))
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for number, (kind, data) in enumerate(covers):
            target.add_attachment(f"cover-{number}.{kind}", f"image/{kind}", data)
        for packet in source.demux(stream):
            if packet.size:
                packet.stream = copied
                target.mux(packet)
    return path


def in_a_cover_box(path: Path, cover: bytes, codec: str) -> Path:
    """The same as MP4 has it."""
    plain = write_reel(path.with_suffix(".mov"), Reel(steady(20)))
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        attached = target.add_stream(codec, rate=1)
        assert isinstance(attached, VideoStream)
        attached.width = attached.height = 64
        attached.pix_fmt = "rgb24" if codec == "png" else "yuvj420p"
        attached.disposition = Disposition.attached_pic
        packet = av.Packet(cover)
        packet.stream, packet.pts, packet.dts, packet.time_base = attached, 0, 0, Fraction(1)
        target.mux(packet)
        for each in source.demux(stream):
            if each.size:
                each.stream = copied
                target.mux(each)
    return path


def measured(path: Path) -> tuple[int, int]:
    """How many pictures, and how many megabytes more than before."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    pictures, megabytes = done.stdout.split()
    return int(pictures), int(megabytes)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's peak so")
@pytest.mark.parametrize("seed", range(4))
def test_covers_are_not_decoded_however_large(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    covers = []
    for _ in range(luck.randint(1, 4)):
        side = luck.randint(5_000, 11_000)
        draw = luck.choice(("png", "png", "jpeg", "gif"))
        if draw == "png":
            covers.append(("png", png(side, side, depth=luck.choice((8, 16)), colour=luck.choice((0, 2, 6)))))
        else:
            covers.append((draw, picture(draw.upper(), min(side, 6_000))))
    _, plain = measured(with_covers(tmp_path / "plain.mkv", []))
    pictures, megabytes = measured(with_covers(tmp_path / "covered.mkv", covers))
    assert pictures == 20
    assert megabytes < plain + 60
    assert probe(tmp_path / "covered.mkv").duration_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's peak so")
@pytest.mark.parametrize(
    ("codec", "cover"),
    [("png", png(9_000, 9_000, depth=16, colour=6)), ("mjpeg", picture("JPEG", 5_900))],
    ids=["png", "mjpeg"],
)
def test_covers_in_a_box_of_mp4_are_not_decoded_either(tmp_path: Path, codec: str, cover: bytes) -> None:
    pictures, megabytes = measured(in_a_cover_box(tmp_path / "covered.mp4", cover, codec))
    _, plain = measured(tmp_path / "covered.mov")
    assert pictures == 20
    assert megabytes < plain + 60


def test_other_decoders_are_kept_from_covers_that_are_too_large(tmp_path: Path) -> None:
    small, large = png(100, 100, depth=8, colour=2), png(MAX_PIXELS // 4_000 + 1, 4_001, depth=8, colour=0)
    assert not covers_are_too_large(with_covers(tmp_path / "none.mkv", []))
    assert not covers_are_too_large(with_covers(tmp_path / "small.mkv", [("png", small)]))
    assert covers_are_too_large(with_covers(tmp_path / "large.mkv", [("png", small), ("png", large)]))
    assert covers_are_too_large(with_covers(tmp_path / "odd.mkv", [("png", b"no picture")]))


@pytest.mark.parametrize("size", [(15_000, 15_000), (12_000, 12_000), (16_000, 2_400), (20_000, 16)])
def test_a_video_of_pictures_that_are_too_large_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "claim.mov"
    with av.open(str(path), "w") as target:
        video = target.add_stream("png", rate=1)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = *size, "gray"
        for time in range(3):
            packet = av.Packet(png(*size, depth=8, colour=0) if time == 0 else b"\x89PNG\r\n\x1a\n")
            packet.stream, packet.pts, packet.dts, packet.time_base = video, time, time, Fraction(1)
            target.mux(packet)
    with pytest.raises(UnreadableVideo, match=r"too large|not one picture"):
        probe(path)


def test_a_picture_to_look_for_is_no_trap(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(png(8_000, 8_000, depth=8, colour=0))
    (tmp_path / "photo.jpg").write_bytes(picture("JPEG", 7_000))
    assert read_picture(tmp_path / "photo.jpg").shape == (7_000, 7_000, 3)
    with pytest.raises(MediaError, match=r"large\.png"):
        read_picture(tmp_path / "large.png")


def test_ten_thousand_chapters_are_enough_and_titles_end(tmp_path: Path) -> None:
    chapters = tuple((number, number + 1, "x" * (5_000 if number == 0 else 1)) for number in range(10_050))
    found = probe(write_reel(tmp_path / "many.mkv", Reel(steady(20), ".mkv", chapters=chapters)))
    assert len(found.chapters) == 10_000
    assert max(len(one.title) for one in found.chapters) == 1_000


@pytest.mark.parametrize("digits", [3, 30, 400, 5_000])
@pytest.mark.parametrize("form", ["{}:00:04.000000000", "00:{}:04", "00:00:{}", "00:00:04.{}", "{}"])
def test_a_tag_of_the_length_that_is_no_length_is_not_taken_for_one(tmp_path: Path, digits: int, form: str) -> None:
    path = tmp_path / "tagged.mkv"
    plain = write_reel(path.with_suffix(".mp4"), Reel(steady(20)))
    with av.open(str(plain)) as source, av.open(str(path), "w", options={"live": "1"}) as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        copied.metadata["DURATION"] = form.format("9" * digits)
        for packet in source.demux(stream):
            if packet.size:
                packet.stream = copied
                target.mux(packet)
    assert probe(path).duration_seconds == pytest.approx(2.0, abs=0.2)
