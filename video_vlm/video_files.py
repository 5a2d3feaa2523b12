"""The suffixes of video files, and the first bytes of containers."""

from __future__ import annotations

from typing import Final

__all__ = ["DOUBTFUL_SUFFIXES", "HEAD_BYTES", "UNREAD_SUFFIXES", "VIDEO_SUFFIXES", "begins_like_video"]

# fmt: off
VIDEO_SUFFIXES: Final = frozenset({
    ".264", ".265", ".3g2", ".3gp", ".3gp2", ".3gpp", ".amv", ".asf", ".av1", ".avc", ".avi", ".divx", ".dv", ".dvr-ms",
    ".evo", ".f4v", ".flv", ".h261", ".h263", ".h264", ".h265", ".hevc", ".insv", ".ivf", ".lrv", ".m1v", ".m2p",
    ".m2t", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mk3d", ".mkv", ".mov", ".mp2v", ".mp4", ".mp4v", ".mpe",
    ".mpeg", ".mpg", ".mpv", ".mqv", ".mts", ".mxf", ".nsv", ".nut", ".obu", ".ogm", ".ogv", ".ogx", ".qt", ".rm",
    ".rmvb", ".tod", ".tp", ".trp", ".ts", ".vc1", ".vob", ".vro", ".webm", ".wmv", ".wtv", ".xvid", ".y4m",
})
"""Endings of video files, in lower case."""

DOUBTFUL_SUFFIXES: Final = frozenset({"", ".bin", ".crdownload", ".dat", ".mod", ".ogg", ".part", ".tmp"})
"""Endings under which videos are found, and other things too: the first bytes decide."""

UNREAD_SUFFIXES: Final = frozenset({".braw", ".crm", ".gif", ".img", ".iso", ".r3d", ".swf"})
"""Endings of files that show moving pictures, and are not read unless they are named themselves."""
# fmt: on

HEAD_BYTES: Final = 4096
"""How much of a file :func:`begins_like_video` has to see."""

_PICTURES = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"crx ")
_BEGINNINGS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"FLV\x01",
    b".RMF",
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x06\x0e\x2b\x34",  # MXF
    b"\xb7\xd8\x00\x20\x37\x49\xda\x11",  # WTV
    b"nut/multimedia container",
    b"YUV4MPEG2",
    b"DKIF",  # IVF
    b"NSVf",
    b"NSVs",
)
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_OGG_VIDEO = (b"\x80theora", b"BBCD\x00", b"\x01video", b"OVP80")


def begins_like_video(head: bytes) -> bool:
    """Whether these are the first bytes of a container that holds videos."""
    if head[4:8] in _BOXES:
        return head[4:8] != b"ftyp" or head[8:12] not in _PICTURES
    if head.startswith(b"RIFF"):
        return head[8:11] == b"AVI"
    if head.startswith(b"OggS"):
        return any(sign in head for sign in _OGG_VIDEO)
    # Packets of 188 bytes (192 with a time before each, 204 with a checksum behind), each beginning with
    # 0x47.
    return head.startswith(_BEGINNINGS) or any(
        len(head) > at + 4 * size and all(head[at + number * size] == 0x47 for number in range(5))
        for size, at in ((188, 0), (192, 4), (204, 0))
    )
