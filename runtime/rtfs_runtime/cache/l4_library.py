"""L4 as a library: published modules by address, and the functions in them by what they take and give.

In: signed artifacts. Out: addresses, records of functions, artifacts. A blob is kept once and never changes;
its signature lies beside it. Nothing is given out that no trusted key signed, and a likeness only suggests:
what is executed was pinned by its address. Source: delegation §1.2, §4.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from rtfs_runtime.artifact import SUFFIX, Artifact, ArtifactError, decode, join_signature, split_signature
from rtfs_runtime.cache.layer import KeyNotFound, SerializationError, StorageError
from rtfs_runtime.cache.sqlite import ANY_LABELS, Entry, Labels, SqliteStore
from rtfs_runtime.cache.store import BlobStore
from rtfs_runtime.digest import digest, key
from rtfs_runtime.interface import Function, Interface
from rtfs_runtime.trust import Trust, admit, read_trust
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import ANY, Alias, Type, to_data
from rtfs_runtime.userdirs import cache_directory, trust_directory

if TYPE_CHECKING:
    from rtfs_runtime.cache.embedding import Embedder, Vector

Status = Literal["Pending", "Verified", "Revoked"]
_SIGNATURE_SUFFIX: Final = ".sig"
_FILE: Final = "library-1.sqlite"
_LAYER: Final = "l4"


class Published(NamedTuple):
    """One exported function of a published module.

    Shape: `pointer` is `ADDRESS/FUNCTION`; `signature_text` shows the types; `embedding` is of name and
           docstring, None when it was published without an encoder.
    Units: times are seconds since the Unix epoch.
    """

    pointer: str
    module: str
    name: str
    doc: str
    signature_text: str
    interface_hash: bytes
    abi: int
    tag: str
    key_id: str
    created_s: float
    used_s: float
    embedding: bytes | None = None
    encoder: str = ""

    @property
    def address(self) -> str:
        """The address of the module."""
        return self.pointer.partition("/")[0]


def function_hash(function: Function, types: Mapping[str, str]) -> bytes:
    """Digest what a function takes and gives, its module's types written out; not its name or its text."""
    parts = [_type_text(text, types) for text in function.param_types]
    rest = "" if function.rest is None else _type_text(function.rest_type, types)
    return key("function", str(len(parts)), *parts, rest, _type_text(function.return_type, types))


def type_hash(params: tuple[Type, ...], rest: Type | None, result: Type) -> bytes:
    """Digest what a function type says, as `function_hash` does for a function."""
    texts = [_flat(kind) for kind in params]
    return key("function", str(len(texts)), *texts, "" if rest is None else _flat(rest), _flat(result))


class Library:
    """The published modules in a directory.

    Thread: as the file system and SQLite are.
    """

    def __init__(
        self, directory: str, trust: Trust, clock: Callable[[], float], embedder: Embedder | None = None
    ) -> None:
        self._blobs = BlobStore(os.path.join(directory, "blobs"))
        self._index = SqliteStore(os.path.join(directory, _FILE), _LAYER, busy_s=5.0)
        self._trust = trust
        self._clock = clock
        self._embedder = embedder

    def store_blob(self, content: bytes) -> str:
        """Keep the content of an artifact and give its address; the same bytes are kept once.

        Raises: StorageError, also when other bytes have this address.
        """
        address = digest(content).hex()
        known = self._blobs.read(address + SUFFIX)
        if known is None:
            self._blobs.write(address + SUFFIX, content)
        elif known != content:
            raise StorageError(f"another artifact has the address {address}")
        return address

    def get_blob(self, address: str) -> bytes:
        """Give a signed artifact as it was published; nothing of it was checked.

        Raises: KeyNotFound, StorageError.
        """
        content = self._blobs.read(address + SUFFIX)
        signature = self._blobs.read(address + _SIGNATURE_SUFFIX)
        if content is None or signature is None:
            raise KeyNotFound(f"nothing is published at {address}")
        return join_signature(content, signature)

    def publish_module(self, data: bytes) -> tuple[Published, ...]:
        """Keep a signed module and give its exported functions.

        Raises: ArtifactError as `admit` does, and E507 for a program; StorageError.
        """
        content, signer = admit(data, self._trust)
        artifact = decode(content)
        if not artifact.is_module:
            raise ArtifactError("E507", f"{artifact.filename} has no module form: it cannot be published")
        address = self.store_blob(content)
        _, signature = split_signature(data)
        assert signature is not None, "admitted, so signed"
        self._blobs.write(address + _SIGNATURE_SUFFIX, signature)
        records = tuple(self._records(artifact, address, signer.id))
        self._index.put([_entry(record) for record in records])
        return records

    def fetch(self, address: str) -> Artifact:
        """Give a published module that a trusted key signed; its code fits this process or says so.

        Raises: KeyNotFound, StorageError; ArtifactError as `admit` does, and when the bytes are not those of
                the address.
        """
        data = self.get_blob(address)
        content, _ = admit(data, self._trust, address)
        if digest(content).hex() != address:
            raise ArtifactError("E502", f"what lies at {address} is another artifact")
        return decode(content, strict=False)

    def status(self, record: Published) -> Status:
        """Tell what is thought of a record: its signature is looked at each time."""
        try:
            self.fetch(record.address)
        except ArtifactError as error:
            return "Revoked" if error.code == "E513" else "Pending"
        except (KeyNotFound, StorageError):
            return "Pending"
        return "Verified"

    def query(
        self, interface_hash: bytes | None, embedding: Vector | None = None, threshold: float = 0.0
    ) -> list[tuple[Published, float]]:
        """Find functions that take and give the same, the likest first; None looks at all of them.

        Shape: the likeness is 1 when no embedding is asked for, 0 for a record without one.
        """
        found = []
        for entry in self._index.find(ANY_LABELS._replace(input=interface_hash)):
            record = _record(entry)
            if record is None:
                continue
            likeness = 1.0 if embedding is None else self._likeness(record, embedding)
            if likeness >= threshold:
                found.append((record, likeness))
        return sorted(found, key=lambda pair: (-pair[1], pair[0].pointer))

    def embed_function(self, name: str, doc: str) -> Vector | None:
        """Give the vector of a function's name and docstring, None without an encoder.

        Raises: CacheError when the encoder cannot be had.
        """
        return None if self._embedder is None else self._embedder.embed(f"{name.replace('-', ' ')}. {doc}")

    def record(self, pointer: str) -> Published | None:
        """Find one record."""
        entry = self._index.get(pointer.encode())
        return None if entry is None else _record(entry)

    def note_use(self, pointer: str) -> None:
        """Note that a function was executed now."""
        record = self.record(pointer)
        if record is not None:
            self._index.put([_entry(record._replace(used_s=self._clock()))])

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _records(self, artifact: Artifact, address: str, key_id: str) -> list[Published]:
        interface = artifact.interface
        now_s = self._clock()
        records = []
        for name in interface.exports:
            function = interface.function(name)
            if function is None:
                continue
            vector = self.embed_function(name, function.doc)
            records.append(
                Published(
                    f"{address}/{name}",
                    interface.module,
                    name,
                    function.doc,
                    _shown(function, interface),
                    function_hash(function, dict(interface.types)),
                    artifact.stamp.abi,
                    artifact.stamp.tag,
                    key_id,
                    now_s,
                    now_s,
                    None if vector is None else vector.tobytes(),
                    "" if self._embedder is None else self._embedder.version,
                )
            )
        return records

    def _likeness(self, record: Published, embedding: Vector) -> float:
        if record.embedding is None or self._embedder is None or record.encoder != self._embedder.version:
            return 0.0
        import numpy

        return float(numpy.frombuffer(record.embedding, numpy.float32) @ embedding)


def open_library(
    directory: str | None, clock: Callable[[], float], embedder: Embedder | None = None
) -> Library:
    """Open the library below a cache directory, or the user's, under the user's trust list.

    Raises: TrustError.
    """
    place = os.path.join(directory or cache_directory(), "library")
    return Library(place, read_trust(trust_directory()), clock, embedder)


def _type_text(text: str, types: Mapping[str, str]) -> str:
    return _flat(read_type(text, types) if text else ANY)


def _flat(kind: Type) -> str:
    """Write a type as text in which a name is what it stands for."""
    data = to_data(kind)
    groups = []
    at = 0
    while at < len(data):
        tag, kids, tokens = data[at : at + 3]
        end = at + 3 + int(tokens)
        # the parts stand before the whole: without its own group, a name with a target is its target
        if (tag, kids) != (Alias.tag, 1):
            groups.append(data[at:end])
        at = end
    return json.dumps(groups)


def _shown(function: Function, interface: Interface) -> str:
    kinds = [text or ":any" for text in function.param_types]
    if function.rest is not None:
        kinds += ["&", function.rest_type or ":any"]
    return f"[:fn [{' '.join(kinds)}] {function.return_type or ':any'}]"


def _entry(record: Published) -> Entry:
    data = record._asdict() | {
        "interface_hash": record.interface_hash.hex(),
        "embedding": None if record.embedding is None else b64encode(record.embedding).decode(),
    }
    value = json.dumps(data, separators=(",", ":")).encode()
    labels = Labels("", f"{record.module}/{record.name}", "", record.interface_hash)
    return Entry(record.pointer.encode(), value, record.created_s, None, labels)


def _record(entry: Entry) -> Published | None:
    try:
        return _read_record(entry.value)
    except SerializationError:
        # written by another version
        return None


def _read_record(value: bytes) -> Published:
    try:
        data = json.loads(value)
        embedding = data["embedding"]
        data |= {
            "interface_hash": bytes.fromhex(data["interface_hash"]),
            "embedding": None if embedding is None else b64decode(embedding),
        }
        return Published(**data)
    except (TypeError, ValueError, KeyError) as error:
        raise SerializationError(f"not a record: {error}") from error
