"""Opens a container so that FFmpeg sees one file and can reach nothing else.

Three locks, each enough by itself: FFmpeg is handed a Python file object and no name; its own
attempts to open anything, protocols included, are refused; and only formats that carry media (no
playlists, devices, scripts or image sequences) are probed for. FFmpeg's complaints become
:class:`~video_vlm.errors.MediaError` here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, NoReturn

import av
from av.audio.stream import AudioStream
from av.codec.codec import codecs_available
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from video_vlm.errors import RefusedMedia, UnreadableVideo
from video_vlm.media.clock import Continuity
from video_vlm.media.container_limits import refuse_claims
from video_vlm.media.open_policy import local_file, refuse_references
from video_vlm.media.stream_joints import later_files

__all__ = [
    "MAX_PIXELS",
    "MAX_SIDE",
    "bytes_per_pixel",
    "continuity_of",
    "has_index",
    "has_pictures",
    "joined_parts",
    "open_container",
    "open_decoder",
    "packets",
    "read_packets",
    "video_stream",
    "watch_only",
]

MAX_SIDE = 16384
MAX_PIXELS = 36_000_000
"""Frames larger than this are refused: a file of some kilobytes can ask for gigabytes. 8K is 33 to 35
million, and a decoder may have to hold sixteen frames of it."""

_MAX_PIXELS_IN_COLOURS = 9_000_000
"""The same for frames of four bytes a pixel, such as GIF's: a dozen of them are held at once."""
_MAX_READ_FAILURES = 3
_INDEXED = {"mp4", "matroska", "avi"}
_GENPTS = 0x0001  # AVFMT_FLAG_GENPTS
_OPENING = Lock()

_FORMATS = (
    "3g2,3gp,aac,ac3,aiff,amr,apng,asf,av1,avi,avs2,avs3,caf,cavsvideo,dirac,dnxhd,dv,evc,flac,flv,gif,gxf,"
    "h261,h263,h264,hevc,ivf,kux,live_flv,m4a,m4v,matroska,mj2,mjpeg,mov,mp3,mp4,mpeg,mpegts,mpegvideo,"
    "mxf,nsv,nut,obu,ogg,rm,roq,smk,swf,ty,vc1,vc1test,vvc,w64,wav,webm,wtv,wv,yuv4mpegpipe"
)

_PICTURE_CODECS = (
    "alias_pix,apng,bmp,brender_pix,dds,exr,fits,gem,gif,hdr,jpeg2000,jpegls,jpegxl,jpegxl_anim,libjxl,libjxl_anim,"
    "libopenjpeg,librsvg,mjpeg,mjpegb,pam,pbm,pcx,pfm,pgm,pgmyuv,phm,photocd,pictor,png,ppm,psd,ptx,qoi,sgi,sunrast,"
    "svg,targa,tiff,txd,vbn,wbmp,webp,webp_anim,xbm,xpm,xwd"
)
_IN_COLOURS = frozenset(_PICTURE_CODECS.split(",")) - {"mjpeg", "mjpegb", "jpeg2000", "jpegls"}
_WHITELIST = ",".join(sorted(codecs_available - set(_PICTURE_CODECS.split(","))))
"""What may be decoded while a container is opened. FFmpeg decodes a frame of each stream then whose format
it does not know yet, covers too: a few kilobytes of PNG may be a gigabyte of pixels. A video of such frames
is looked at afterwards, as any other."""


_OPTIONS = {
    "format_whitelist": _FORMATS,
    "protocol_whitelist": "none",
    "codec_whitelist": _WHITELIST,
    # FFmpeg takes the clock of a second recording for one that has passed its end: Continuity tells them
    # apart.
    "correct_ts_overflow": "0",
}


class _Unnamed:
    """A file without a name: its content decides what it is, never its extension."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read = stream.read
        self.seek = stream.seek
        self.tell = stream.tell


def _refuse_second_file(url: str, *_: object) -> NoReturn:
    raise PermissionError(f"a media file asked for another one: {url}")


def bytes_per_pixel(codec: str) -> float:
    """How much a decoded frame takes, by the codec as FFmpeg names it."""
    return 4.0 if codec in _IN_COLOURS else 1.5


@contextmanager
def open_container(path: str | Path) -> Iterator[InputContainer]:
    """An open container. It and its file are closed at the end of the ``with``.

    Raises:
        UnreadableVideo: it is no media file, or a damaged one.
        RefusedMedia: it refers to other files.
    """
    file = local_file(path)
    refuse_references(file)
    refuse_claims(file)
    with file.open("rb") as stream:
        try:
            container = av.open(
                _Unnamed(stream),
                mode="r",
                container_options=_OPTIONS,
                options={"max_pixels": str(MAX_PIXELS)},
                metadata_errors="replace",
                buffer_size=1 << 18,
                io_open=_refuse_second_file,
            )
        except PermissionError as error:
            raise RefusedMedia(
                file, "it refers to other files, which are not opened; give the video itself"
            ) from error
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UnreadableVideo(file, _why_not_media(file)) from error
        # PyAV has FFmpeg make up missing PTS, and where frames are reordered it makes up wrong ones.
        container.flags &= ~_GENPTS
        with container:
            yield container


def _why_not_media(file: Path) -> str:
    """What a file that FFmpeg cannot open most likely is."""
    with file.open("rb") as stream:
        head = stream.read(4096)
    if later_files(file):
        return "several recordings are joined in it, and cannot be read so; give each as a file"
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip"):
        return "its index (the moov box) is missing or broken: the recording or download was cut off; get it again"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "its Matroska header is broken; get the file again"
    if b"\x00" not in head and all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return "this is text, not a video; give a video file"
    return "this is not a video in any format that is read here; give a video file, or get it again"


def has_index(container: InputContainer) -> bool:
    """Whether the container lists its packets with their times, so that seeking by seconds and the end it
    finds can be trusted."""
    return bool(_INDEXED & set(container.format.name.split(",")))


def packets(
    container: InputContainer, stream: VideoStream, path: Path, *, continuity: Continuity | None = None
) -> Iterator[Packet[VideoStream]]:
    """The stream's packets; read errors are skipped as long as reading goes on after them.

    Their times, in ticks, stay ascending where the container's clock begins again. Give ``continuity`` to
    learn by how many ticks they were shifted, or to enter the stream behind such a place.
    """
    return (continuity or continuity_of(stream, path))(read_packets(container, stream))


def joined_parts(path: Path) -> Iterator[tuple[int, Fraction]]:
    """Where files begin that are joined behind the first, in bytes, and by how many seconds frames are later
    there."""
    begins = [begin for begin, _ in later_files(path)]
    if not begins:
        return
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        continuity = continuity_of(stream, path)
        for packet in packets(container, stream, path, continuity=continuity):
            if begins and packet.pos is not None and packet.pos >= begins[0]:
                yield begins.pop(0), continuity.shift * packet.time_base


def continuity_of(stream: VideoStream, path: Path, *, shift: int = 0) -> Continuity:
    """The :class:`Continuity` of a stream from its beginning, or from where ``shift`` ticks were added."""
    time_base = stream.time_base or Fraction(1, av.time_base)
    ticks = 1 / ((stream.average_rate or 25) * time_base)
    return Continuity(path, time_base=time_base, frame_ticks=ticks, shift=shift)


def read_packets(container: InputContainer, *streams: VideoStream | AudioStream) -> Iterator[Packet[Any]]:
    """The packets of some streams, or of all if none is named, with the container's own times in ticks; up to
    three read errors in a row are skipped."""
    failures = 0
    while failures < _MAX_READ_FAILURES:
        try:
            for packet in container.demux(*streams):
                failures = 0
                if packet.size:
                    yield packet
        except (av.FFmpegError, OSError):
            failures += 1
        else:
            return


def open_decoder(path: Path, stream: int, *, threads: int, **options: str) -> VideoCodecContext:
    """A decoder of its own for a stream.

    Only an open file gives one, but it outlives the file: a container held open would hold a table of all its
    packets. For the same reason those who want one at once get theirs one after the other.

    Args:
        path: The file.
        stream: Its index.
        threads: How many the decoder may use.
        options: FFmpeg's, for the codec.
    """
    with _OPENING, open_container(path) as container:
        (found,) = (one for one in container.streams.video if one.index == stream)
        found.thread_type = "AUTO"
        decoder = found.codec_context
    decoder.thread_count = threads
    decoder.options = {"max_pixels": str(MAX_PIXELS), **options}
    return decoder


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream a player would show: FFmpeg's choice, but never an attached picture.

    Raises:
        UnreadableVideo: there is none, it has no decoder here, or its frames are too large.
    """
    moving = _moving(container)
    if not moving:
        has_sound = "only sound" if container.streams.audio else "no pictures"
        raise UnreadableVideo(
            path, f"it holds {has_sound}, no video stream; give a file with moving pictures"
        )
    best: Any = container.streams.best("video")
    stream = best if best in moving else moving[0]
    if stream.codec_context is None:
        raise UnreadableVideo(path, "no decoder here knows its video codec; convert it, e.g. to H.264")
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    width, height = stream.codec_context.width, stream.codec_context.height
    most = _MAX_PIXELS_IN_COLOURS if stream.codec_context.name in _IN_COLOURS else MAX_PIXELS
    if max(width, height) > MAX_SIDE or width * height > most:
        raise UnreadableVideo(
            path, f"its pictures claim {width}x{height} pixels, too large to decode; scale it down"
        )
    return stream


def has_pictures(container: InputContainer) -> bool:
    """Whether there is a video stream; cover art is none."""
    return bool(_moving(container))


def _moving(container: InputContainer) -> list[VideoStream]:
    return [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]


def watch_only(container: InputContainer, *kept: int) -> None:
    """Makes the demuxer skip every stream but those at the indexes ``kept``."""
    for stream in container.streams:
        if stream.index not in kept:
            stream.discard = Discard.all
