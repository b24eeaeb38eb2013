"""The format of compiled modules: layout, writing, reading, and every check that comes before decoding.

In: the parts of a compiled unit, or bytes from anywhere. Out: `Artifact`, or its bytes. Reading raises
`ArtifactError` and nothing else, and hands no byte to `marshal` before the digest was compared. Who made an
artifact is asked of signatures, elsewhere: they are detached, in a block after the content, which no digest
covers. Source: design §8, ruling 23.

    header   magic, format, ABI, Python tag, kind, key, five lengths, digest of everything but the signature
    body     meta (JSON), interface (JSON), source (zlib), code (canonical marshal data without file name)
    after    nothing, or a signature block: magic, length, bytes
"""

from __future__ import annotations

import json
import marshal
import sys
import zlib
from importlib.util import MAGIC_NUMBER
from itertools import pairwise
from struct import Struct
from types import CodeType
from typing import Any, Final, NamedTuple

from rtfs_runtime.abi import ABI_VERSION
from rtfs_runtime.canonical import CodeBytes
from rtfs_runtime.digest import DIGEST_BYTES, digest
from rtfs_runtime.errors import Refused
from rtfs_runtime.interface import Interface
from rtfs_runtime.interface_shape import check_interface

FORMAT_VERSION: Final = 1
SUFFIX: Final = ".rtfsc"
PROGRAM: Final = "program"
MODULE: Final = "module"
PYTHON_TAG: Final = f"{sys.implementation.cache_tag}-{int.from_bytes(MAGIC_NUMBER[:2], 'little')}"

SUPPORTED: Final = ((3, 11), (3, 12), (3, 13))

_MAGIC: Final = b"\x93RTFSC\r\n"
_SIGNATURE_MAGIC: Final = b"\x93RSIG\r\n\n"
# magic, format, ABI, tag, kind, key, lengths of meta, interface, source, code, and the place of the file name
# in the code
_HEADER: Final = Struct(">8sHH32sB3x16sIIIII")
_SIGNATURE: Final = Struct(">8sI")
_START: Final = _HEADER.size + DIGEST_BYTES
_KINDS: Final = (PROGRAM, MODULE)
_SOURCE_MAX_BYTES: Final = 1 << 28


class ArtifactError(Refused):
    """Bytes that are no artifact this process can use; `code` is a row of the catalogue of errors."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Stamp(NamedTuple):
    """What says whether code fits this process."""

    format: int
    abi: int
    tag: str


class Dependency(NamedTuple):
    """An imported module and the digest of the interface that was compiled against."""

    module: str
    interface_digest: bytes


class Artifact:
    """One compiled unit. The interface, the source and the code are decoded when they are asked for.

    `filename` is relative to the search path, so that equal sources in two directories give equal bytes.
    """

    __slots__ = ("_interface", "_parts", "key", "meta", "stamp")

    def __init__(self, meta: Meta, key: bytes, stamp: Stamp, parts: _Parts) -> None:
        self.meta = meta
        self.key = key
        self.stamp = stamp
        self._parts = parts
        self._interface: Interface | None = None

    @property
    def filename(self) -> str:
        """The name of the source file, relative to the search path."""
        return self.meta.filename

    @property
    def is_module(self) -> bool:
        """Tell whether the unit is one `(module …)` form."""
        return self.meta.kind == MODULE

    @property
    def interface(self) -> Interface:
        """What importers may know.

        Raises: ArtifactError.
        """
        found = self._interface
        if found is None:
            found = self._interface = _read_interface(self._parts.interface)
        return found

    @property
    def interface_digest(self) -> bytes:
        """The digest that the keys of importers hold."""
        return digest(self._parts.interface)

    @property
    def source(self) -> bytes:
        """What the source file held, UTF-8.

        Raises: ArtifactError.
        """
        return _unpack_source(self._parts.source, self.meta.source_bytes)

    def code(self, path: str) -> CodeType:
        """Give the code, as coming from the file at `path`.

        Raises: ArtifactError, also when the code is for another Python.
        """
        check_stamp(self.stamp, self.filename)
        try:
            code = marshal.loads(self._parts.code.join(path))
        except (EOFError, ValueError, TypeError) as error:
            raise ArtifactError("E505", f"{self.filename}: damaged code: {error}") from None
        if not isinstance(code, CodeType):
            raise ArtifactError("E505", f"{self.filename}: damaged code: not a code object")
        return code

    def encode(self) -> bytes:
        """Give the bytes, without a signature."""
        meta = _write_meta(self.meta)
        _, interface, source, code = parts = self._parts._replace(meta=meta)
        before, after = code
        stamp = self.stamp
        sizes = (len(meta), len(interface), len(source), len(before) + len(after), len(before))
        header = _HEADER.pack(
            _MAGIC,
            stamp.format,
            stamp.abi,
            stamp.tag.encode("ascii"),
            _KINDS.index(self.meta.kind),
            self.key,
            *sizes,
        )
        body = b"".join((*parts[:3], *code))
        return header + digest(header + body) + body

    def address(self) -> bytes:
        """Give the digest under which the artifact is published; it covers no signature."""
        return digest(self.encode())


class Meta(NamedTuple):
    """The small facts about a unit.

    Shape: `kind` is PROGRAM or MODULE (one `(module …)` form). `source_bytes` and `source_digest` are of the
           source file.
    """

    kind: str
    filename: str
    module: str
    dependencies: tuple[Dependency, ...] = ()
    source_bytes: int = 0
    source_digest: bytes = b""


class _Parts(NamedTuple):
    """The body as it is written."""

    meta: bytes
    interface: bytes
    source: bytes
    code: CodeBytes


def make_artifact(
    meta: Meta, *, key: bytes, interface: Interface, source: bytes, code: CodeBytes
) -> Artifact:
    """Make an artifact for this Python; `source` is what the file held, `meta` is told of it here."""
    meta = meta._replace(source_bytes=len(source), source_digest=digest(source))
    text = interface.to_text().encode("utf-8", "surrogatepass")
    parts = _Parts(b"", text, zlib.compress(source, 6), code)
    return Artifact(meta, key, Stamp(FORMAT_VERSION, ABI_VERSION, PYTHON_TAG), parts)


def split_signature(data: bytes) -> tuple[bytes, bytes | None]:
    """Separate the content, which digests and signatures cover, from the signature block, when there is one.

    Raises: ArtifactError.
    """
    end = _content_size(data)
    if len(data) == end:
        return data, None
    if len(data) < end + _SIGNATURE.size:
        raise _damaged("its length is wrong")
    magic, size = _SIGNATURE.unpack_from(data, end)
    if magic != _SIGNATURE_MAGIC or len(data) != end + _SIGNATURE.size + size:
        raise _damaged("its length is wrong")
    return data[:end], data[end + _SIGNATURE.size :]


def join_signature(content: bytes, signature: bytes) -> bytes:
    """Put a signature block after the content."""
    return content + _SIGNATURE.pack(_SIGNATURE_MAGIC, len(signature)) + signature


def decode(data: bytes, *, strict: bool = True) -> Artifact:
    """Read an artifact whose digest holds; `strict` checks interface and source too, to the last item.

    Loading does without: whoever could write a wrong interface under a right digest could write wrong code.
    An artifact of another Python can be read, but gives no code.
    Raises: ArtifactError.
    """
    content, _ = split_signature(data)
    _, form, abi, tag, kind, key, *sizes = _HEADER.unpack_from(content)
    kept = content[_HEADER.size : _START]
    if digest(content[: _HEADER.size] + content[_START:]) != kept:
        raise _damaged("its digest does not match its content")
    meta_size, interface_size, source_size, code_size, split = sizes
    if split > code_size or kind >= len(_KINDS):
        raise _malformed("header")
    try:
        stamp = Stamp(form, abi, tag.rstrip(b"\0").decode("ascii"))
    except UnicodeDecodeError:
        raise _malformed("Python tag") from None
    ends = [_START]
    for size in (meta_size, interface_size, source_size, split, code_size - split):
        ends.append(ends[-1] + size)
    packed, interface, source, before, after = (content[a:b] for a, b in pairwise(ends))
    meta = _read_meta(packed, _KINDS[kind])
    artifact = Artifact(meta, key, stamp, _Parts(b"", interface, source, CodeBytes(before, after)))
    if strict:
        _check_interface(interface)
        _ = artifact.interface, artifact.source
    return artifact


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Refuse a Python that the compiler writes no code for (ruling 25).

    Raises: ArtifactError E509.
    """
    if version not in SUPPORTED:
        names = ", ".join(f"{major}.{minor}" for major, minor in SUPPORTED)
        raise ArtifactError("E509", f"this is Python {version[0]}.{version[1]}; RTFS code runs on {names}")


def check_stamp(stamp: Stamp, name: str) -> None:
    """Refuse code that this process cannot run.

    Raises: ArtifactError E504 or E506, which name both sides and the command that helps; E509.
    """
    check_python()
    if stamp.tag != PYTHON_TAG:
        raise ArtifactError(
            "E504", f"{name} was built for {stamp.tag}, this is {PYTHON_TAG}: run `rtfsc build` with it"
        )
    if stamp.abi != ABI_VERSION:
        raise ArtifactError(
            "E506", f"{name} was built for ABI {stamp.abi}, this is {ABI_VERSION}: run `rtfsc build` again"
        )


def _content_size(data: bytes) -> int:
    """Check the beginning and give where the content ends."""
    if not data.startswith(_MAGIC):
        raise ArtifactError("E501", "this is no RTFS artifact")
    if len(data) < _START:
        raise _damaged("it is cut off")
    _, form, _, _, _, _, meta, interface, source, code, _ = _HEADER.unpack_from(data)
    if form != FORMAT_VERSION:
        raise ArtifactError(
            "E503", f"the artifact has format {form}, this is {FORMAT_VERSION}: run `rtfsc build` again"
        )
    end: int = _START + meta + interface + source + code
    if len(data) < end:
        raise _damaged("it is cut off")
    return end


def _damaged(how: str) -> ArtifactError:
    return ArtifactError("E502", f"the artifact is damaged: {how}")


def _malformed(what: str) -> ArtifactError:
    return ArtifactError("E505", f"the artifact is malformed: {what}")


def _write_meta(meta: Meta) -> bytes:
    _, filename, module, dependencies, size, found = meta
    pairs = [[d.module, d.interface_digest.hex()] for d in dependencies]
    data = [filename, module, pairs, size, found.hex()]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read_json(data: bytes, what: str) -> Any:
    try:
        return json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise _malformed(what) from None


def _read_meta(data: bytes, kind: str) -> Meta:
    try:
        filename, module, pairs, size, found = _read_json(data, "meta")
        dependencies = tuple(Dependency(name, bytes.fromhex(text)) for name, text in pairs)
        source_digest = bytes.fromhex(found)
    except (TypeError, ValueError):
        raise _malformed("meta") from None
    texts = (filename, module, *(d.module for d in dependencies))
    if not all(isinstance(text, str) for text in texts) or type(size) is not int:
        raise _malformed("meta")
    return Meta(kind, filename, module, dependencies, size, source_digest)


def _check_interface(data: bytes) -> None:
    try:
        check_interface(_read_json(data, "interface"))
    except ValueError:
        raise _malformed("interface") from None


def _read_interface(data: bytes) -> Interface:
    try:
        return Interface.from_data(_read_json(data, "interface"))
    except ValueError:
        raise _malformed("interface") from None


def _unpack_source(packed: bytes, size: int) -> bytes:
    if not 0 <= size <= _SOURCE_MAX_BYTES:
        raise _malformed("source")
    try:
        # one byte more than announced would come out of a bomb: it is never made whole
        reader = zlib.decompressobj()
        data = reader.decompress(packed, size + 1)
        if len(data) != size or not reader.eof or reader.unused_data:
            raise _malformed("source")
        return data
    except zlib.error:
        raise _malformed("source") from None
