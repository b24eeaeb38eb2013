"""Values as tagged JSON, the encoding that the evaluation service and the conformance cases share."""

from __future__ import annotations

from rtfs_runtime.tagged import decode, encode, encode_json

__all__ = ["decode", "encode", "encode_json"]
