"""A few kilobytes that claim gigabytes: neither memory nor time follows the claim."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
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
from video_vlm.media.indexed_decoder import covers_are_too_large
from video_vlm.media.probe import probe
from video_vlm.media.single_frame import read_image

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
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)),
        (b"IDAT", data),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def frame(form: str, side: int) -> bytes:
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
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    frames, megabytes = done.stdout.split()
    return int(frames), int(megabytes)


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
            covers.append((draw, frame(draw.upper(), min(side, 6_000))))
    _, plain = measured(with_covers(tmp_path / "plain.mkv", []))
    frames, megabytes = measured(with_covers(tmp_path / "covered.mkv", covers))
    assert frames == 20
    assert megabytes < plain + 60
    assert probe(tmp_path / "covered.mkv").duration_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's peak so")
@pytest.mark.parametrize(
    ("codec", "cover"),
    [("png", png(9_000, 9_000, depth=16, colour=6)), ("mjpeg", frame("JPEG", 5_900))],
    ids=["png", "mjpeg"],
)
def test_covers_in_a_box_of_mp4_are_not_decoded_either(tmp_path: Path, codec: str, cover: bytes) -> None:
    frames, megabytes = measured(in_a_cover_box(tmp_path / "covered.mp4", cover, codec))
    _, plain = measured(tmp_path / "covered.mov")
    assert frames == 20
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
    (tmp_path / "photo.jpg").write_bytes(frame("JPEG", 7_000))
    assert read_image(tmp_path / "photo.jpg").shape == (7_000, 7_000, 3)
    with pytest.raises(MediaError, match=r"large\.png"):
        read_image(tmp_path / "large.png")


def test_ten_thousand_chapters_are_enough_and_titles_end(tmp_path: Path) -> None:
    chapters = tuple((number, number + 1, "x" * (5_000 if number == 0 else 1)) for number in range(10_050))
    found = probe(write_reel(tmp_path / "many.mkv", Reel(steady(20), ".mkv", chapters=chapters)))
    assert len(found.chapters) == 10_000
    assert max(len(one.title) for one in found.chapters) == 1_000


@pytest.mark.parametrize("digits", [3, 30, 400, 5_000])
@pytest.mark.parametrize("form", ["{}:00:04.000000000", "00:{}:04", "00:00:{}", "00:00:04.{}", "{}"])
def test_a_tag_of_the_length_that_is_no_length_is_not_taken_for_one(
    tmp_path: Path, digits: int, form: str
) -> None:
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


def matroska(name: str, body: bytes) -> bytes:
    return bytes.fromhex(name) + ((1 << 56) | len(body)).to_bytes(8, "big") + body


def small(name: str, body: bytes) -> bytes:
    return bytes.fromhex(name) + bytes([0x80 | len(body)]) + body


def chapter_list(count: int, luck: random.Random) -> bytes:
    """Chapters whose numbers are in no order: FFmpeg looks through all of them for each."""
    numbers = luck.sample(range(1, count + 1), count)
    atoms = (
        small("B6", small("73C4", number.to_bytes(3, "big")) + small("91", at.to_bytes(3, "big")))
        for at, number in enumerate(numbers)
    )
    return matroska("1043A770", matroska("45B9", b"".join(atoms)))


def tag_list(count: int, luck: random.Random) -> bytes:
    tags = [small("67C8", small("45A3", b"N%x" % number) + small("4487", b"x")) for number in range(count)]
    luck.shuffle(tags)
    some = luck.choice((1, 7, count))
    return matroska(
        "1254C367", b"".join(matroska("7373", b"".join(tags[at : at + some])) for at in range(0, count, some))
    )


def with_notes(path: Path, notes: bytes, *, at_end: bool) -> Path:
    """A reel in Matroska with more in it: before the pictures, or behind them with a seek head that says
    where."""
    data = write_reel(path.with_name("plain.mkv"), Reel(steady(20), ".mkv")).read_bytes()
    segment, cluster = (data.index(bytes.fromhex(name)) for name in ("18538067", "1F43B675"))
    begun = data[: segment + 4] + b"\x01" + b"\xff" * 7
    inside = data[segment + 12 :]
    if at_end:

        def index(place: int) -> bytes:
            entry = small("53AB", notes[:4]) + small("53AC", place.to_bytes(8, "big"))
            return matroska("114D9B74", matroska("4DBB", entry))

        path.write_bytes(begun + index(len(inside) + len(index(0))) + inside + notes)
    else:
        before = cluster - segment - 12
        path.write_bytes(begun + inside[:before] + notes + inside[before:])
    return path


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("write", [chapter_list, tag_list])
def test_more_notes_than_any_film_has_are_not_given_to_ffmpeg(
    tmp_path: Path, write: Callable[[int, random.Random], bytes], seed: int
) -> None:
    luck = random.Random(seed)
    notes = write(luck.randint(20_001, 60_000), luck)
    with pytest.raises(UnreadableVideo, match="more chapters or tags than any film"):
        probe(with_notes(tmp_path / "many.mkv", notes, at_end=luck.random() < 0.5))


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("write", [chapter_list, tag_list])
def test_a_few_hundred_notes_are_read(
    tmp_path: Path, write: Callable[[int, random.Random], bytes], at_end: bool
) -> None:
    assert probe(
        with_notes(tmp_path / "some.mkv", write(300, random.Random(0)), at_end=at_end)
    ).duration_seconds == pytest.approx(2.0)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def with_mp4_tags(data: bytes, count: int, *, quicktime: bool) -> bytes:
    """Behind the film, in a second list of tracks: FFmpeg reads that, too."""
    handler = box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    keys = box(
        b"keys", struct.pack(">II", 0, count) + b"".join(box(b"mdta", b"k%x" % n) for n in range(count))
    )
    values = b"".join(
        box(struct.pack(">I", n + 1), box(b"data", bytes(3) + b"\1" + bytes(4) + b"x")) for n in range(count)
    )
    return data + box(
        b"moov", box(b"meta", (b"" if quicktime else bytes(4)) + handler + keys + box(b"ilst", values))
    )


@pytest.mark.parametrize("quicktime", [False, True])
def test_more_tags_than_any_film_has_are_not_given_to_ffmpeg_from_mp4(
    tmp_path: Path, quicktime: bool
) -> None:
    data = write_reel(tmp_path / "plain.mp4", Reel(steady(20))).read_bytes()
    for count, fits in ((300, True), (15_000, False)):
        path = tmp_path / f"{count}.mp4"
        path.write_bytes(with_mp4_tags(data, count, quicktime=quicktime))
        if fits:
            assert probe(path).num_frames == 20
        else:
            with pytest.raises(UnreadableVideo, match="more tags"):
                probe(path)


def test_more_chapters_than_any_film_has_are_not_given_to_ffmpeg_from_mp4(tmp_path: Path) -> None:
    for count, fits in ((300, True), (20_050, False)):
        chapters = tuple((number, number + 1, "x") for number in range(count))
        path = write_reel(tmp_path / f"{count}.mp4", Reel(steady(20), chapters=chapters))
        if fits:
            assert len(probe(path).chapters) > 200
        else:
            with pytest.raises(UnreadableVideo, match="more chapters or tags"):
                probe(path)


@pytest.mark.parametrize("seed", range(8))
def test_a_list_of_samples_that_a_file_cannot_hold_is_not_given_to_ffmpeg(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    data = bytearray(write_reel(tmp_path / "plain.mp4", Reel(steady(20))).read_bytes())
    count = luck.choice((luck.randint(100_000, 1 << 20), luck.randint(1 << 20, (1 << 32) - 1)))
    if luck.random() < 0.5:
        struct.pack_into(">II", data, data.index(b"stsz") + 8, luck.randint(1, 9), count)
        struct.pack_into(">III", data, data.index(b"stts") + 8, 1, count, luck.randint(1, 999))
    else:
        run = box(b"trun", struct.pack(">II", 0, count))
        data += box(
            b"moof", box(b"mfhd", bytes(8)) + box(b"traf", box(b"tfhd", struct.pack(">II", 0, 1)) + run)
        )
    path = tmp_path / "claim.mp4"
    path.write_bytes(data)
    with pytest.raises(UnreadableVideo, match=f"lists {count} samples"):
        probe(path)


INDEX = """
import resource, sys
from pathlib import Path
from video_vlm.cli import main
code = main(["index", sys.argv[1], "--library", sys.argv[2], "--jobs", "1"])
status = Path("/proc/self/status")
if status.exists():  # what the kernel tells of a process begins with the one that started it
    peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
print(code, peak // 1024)
"""


def large_mjpeg(path: Path) -> Path:
    whole, first = frame("JPEG", 5_900), frame("JPEG", 160)
    with av.open(str(path.with_suffix(".avi")), "w") as target:
        video = target.add_stream("mjpeg", rate=10)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 160, 160, "yuvj420p"
        for time in range(50):
            packet = av.Packet(first if time < 10 else whole)
            packet.stream, packet.pts, packet.dts, packet.time_base = video, time, time, Fraction(1, 10)
            target.mux(packet)
    return path.with_suffix(".avi")


def large_gif(path: Path) -> Path:
    """A canvas of 9 million pixels, of which a single one changes, once a second."""
    one = b"\x21\xf9\x04\x04\x64\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    head = b"GIF89a" + struct.pack("<HH", 4_000, 2_240) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    path.with_suffix(".gif").write_bytes(head + one * 60 + b";")
    return path.with_suffix(".gif")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's peak so")
@pytest.mark.parametrize("write", [large_mjpeg, large_gif])
def test_an_index_of_large_pictures_takes_less_than_a_gigabyte(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / "large")
    command = [sys.executable, "-c", INDEX, str(path), str(tmp_path / "library")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, megabytes = done.stdout.split()[-2:]
    assert code == "0"
    assert int(megabytes) < 1_000
