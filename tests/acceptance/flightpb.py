"""Minimal protobuf wire codec for the Arrow Flight / Flight SQL messages the tests need.

No .proto compilation and no protobuf package: the whole module is ~200 lines of wire format, so the
acceptance scripts can build any (also malformed) request and decode any reply.
"""
from __future__ import annotations

import struct
from typing import Any

# ---------------------------------------------------------------- wire level


def varint(n: int) -> bytes:
    if n < 0:
        n += 1 << 64
    out = bytearray()
    while True:
        b = n & 0x7F
        n >>= 7
        out.append(b | (0x80 if n else 0))
        if not n:
            return bytes(out)


def fld(num: int, value: Any) -> bytes:
    """Encode one field. None -> absent; bool/int -> varint; str/bytes -> len-delimited; list -> repeated."""
    if value is None:
        return b""
    if isinstance(value, list):
        return b"".join(fld(num, v) for v in value)
    if isinstance(value, (bool, int)):
        return varint(num << 3) + varint(int(value))
    if isinstance(value, float):
        return varint(num << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, str):
        value = value.encode()
    return varint(num << 3 | 2) + varint(len(value)) + bytes(value)


def parse(buf: bytes) -> dict[int, list[Any]]:
    """Decode one message to {field number: [raw values]} (ints for varints, bytes for len-delimited)."""
    out: dict[int, list[Any]] = {}
    i = 0
    buf = memoryview(buf)

    def rd():
        nonlocal i
        shift = r = 0
        while True:
            b = buf[i]
            i += 1
            r |= (b & 0x7F) << shift
            if not b & 0x80:
                return r
            shift += 7

    while i < len(buf):
        key = rd()
        num, wt = key >> 3, key & 7
        if wt == 0:
            v: Any = rd()
        elif wt == 1:
            v = struct.unpack("<d", buf[i : i + 8])[0]
            i += 8
        elif wt == 2:
            n = rd()
            if i + n > len(buf):
                raise ValueError("truncated")
            v = bytes(buf[i : i + n])
            i += n
        elif wt == 5:
            v = bytes(buf[i : i + 4])
            i += 4
        else:
            raise ValueError(f"wire type {wt}")
        out.setdefault(num, []).append(v)
    return out


# ---------------------------------------------------------------- Flight SQL messages

PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."

# message -> {field number: (name, kind)}   kind: s=string b=bytes i=int m=message
FIELDS: dict[str, dict[int, tuple[str, str]]] = {
    "CommandGetSqlInfo": {1: ("info", "i*")},
    "CommandGetXdbcTypeInfo": {1: ("data_type", "i")},
    "CommandGetCatalogs": {},
    "CommandGetDbSchemas": {1: ("catalog", "s"), 2: ("db_schema_filter_pattern", "s")},
    "CommandGetTables": {
        1: ("catalog", "s"),
        2: ("db_schema_filter_pattern", "s"),
        3: ("table_name_filter_pattern", "s"),
        4: ("table_types", "s*"),
        5: ("include_schema", "i"),
    },
    "CommandGetTableTypes": {},
    "CommandGetPrimaryKeys": {1: ("catalog", "s"), 2: ("db_schema", "s"), 3: ("table", "s")},
    "CommandGetExportedKeys": {1: ("catalog", "s"), 2: ("db_schema", "s"), 3: ("table", "s")},
    "CommandGetImportedKeys": {1: ("catalog", "s"), 2: ("db_schema", "s"), 3: ("table", "s")},
    "CommandGetCrossReference": {
        1: ("pk_catalog", "s"), 2: ("pk_db_schema", "s"), 3: ("pk_table", "s"),
        4: ("fk_catalog", "s"), 5: ("fk_db_schema", "s"), 6: ("fk_table", "s"),
    },
    "CommandStatementQuery": {1: ("query", "s"), 2: ("transaction_id", "b")},
    "CommandStatementSubstraitPlan": {1: ("plan", "b"), 2: ("transaction_id", "b")},
    "CommandPreparedStatementQuery": {1: ("handle", "b")},
    "CommandStatementUpdate": {1: ("query", "s"), 2: ("transaction_id", "b")},
    "CommandPreparedStatementUpdate": {1: ("handle", "b")},
    "CommandStatementIngest": {
        1: ("table_definition_options", "m"), 2: ("table", "s"), 3: ("schema", "s"), 4: ("catalog", "s"),
        5: ("temporary", "i"), 6: ("transaction_id", "b"), 1000: ("options", "m*"),
    },
    "TicketStatementQuery": {1: ("statement_handle", "b")},
    "ActionCreatePreparedStatementRequest": {1: ("query", "s"), 2: ("transaction_id", "b")},
    "ActionCreatePreparedSubstraitPlanRequest": {1: ("plan", "b"), 2: ("transaction_id", "b")},
    "ActionCreatePreparedStatementResult": {
        1: ("handle", "b"), 2: ("dataset_schema", "b"), 3: ("parameter_schema", "b"), 4: ("is_update", "i"),
    },
    "ActionClosePreparedStatementRequest": {1: ("handle", "b")},
    "ActionBeginTransactionRequest": {},
    "ActionBeginTransactionResult": {1: ("transaction_id", "b")},
    "ActionEndTransactionRequest": {1: ("transaction_id", "b"), 2: ("action", "i")},
    "ActionBeginSavepointRequest": {1: ("transaction_id", "b"), 2: ("name", "s")},
    "ActionEndSavepointRequest": {1: ("savepoint_id", "b"), 2: ("action", "i")},
    "ActionCancelQueryRequest": {1: ("info", "b")},
    "DoPutUpdateResult": {1: ("record_count", "i")},
    "DoPutPreparedStatementResult": {1: ("handle", "b")},
}
_NUM = {m: {name: num for num, (name, _) in f.items()} for m, f in FIELDS.items()}


def msg(name: str, **kw: Any) -> bytes:
    """Encode a bare Flight SQL message, e.g. msg('CommandGetTables', include_schema=True)."""
    return b"".join(fld(_NUM[name][k], v) for k, v in kw.items())


def any_pack(name: str, body: bytes) -> bytes:
    return fld(1, PREFIX + name) + fld(2, body)


def cmd(name: str, **kw: Any) -> bytes:
    """Encode a Flight SQL message wrapped in google.protobuf.Any (what FlightDescriptor.cmd carries)."""
    return any_pack(name, msg(name, **kw))


def any_unpack(buf: bytes) -> tuple[str, bytes]:
    f = parse(buf)
    return (f.get(1, [b""])[0].decode("utf8", "replace"), f.get(2, [b""])[0])


def decode(name: str, body: bytes) -> dict[str, Any]:
    f = parse(body)
    out: dict[str, Any] = {}
    for num, vals in f.items():
        fname, kind = FIELDS.get(name, {}).get(num, (f"#{num}", "b"))
        if kind.startswith("i") and vals and isinstance(vals[0], bytes):  # packed repeated ints
            packed, vals = vals, []
            for p in packed:
                i = 0
                while i < len(p):
                    r = sh = 0
                    while True:
                        b = p[i]; i += 1
                        r |= (b & 0x7F) << sh; sh += 7
                        if not b & 0x80: break
                    vals.append(r)
        if kind.startswith("i"):
            vals = [v - (1 << 64) if v >= 1 << 63 else v for v in vals]
        if kind.startswith("s"):
            vals = [v.decode("utf8", "replace") for v in vals]
        out[fname] = vals if kind.endswith("*") else vals[-1]
    return out


# ---------------------------------------------------------------- session option messages (Flight, not Flight SQL)


def session_value(v: Any) -> bytes:
    """SessionOptionValue oneof: 1 string, 2 bool, 3 sfixed64, 4 double, 5 string list; None = unset."""
    if v is None:
        return b""
    if isinstance(v, bool):
        return fld(2, v)
    if isinstance(v, int):
        return varint(3 << 3 | 1) + struct.pack("<q", v)
    if isinstance(v, float):
        return fld(4, v)
    if isinstance(v, (list, tuple)):
        return fld(5, fld(1, list(v)))
    return fld(1, v)


def set_session_options(opts: dict[str, Any]) -> bytes:
    return b"".join(fld(1, fld(1, k) + fld(2, session_value(v))) for k, v in opts.items())


def parse_session_options(buf: bytes) -> dict[str, Any]:
    out = {}
    for ent in parse(buf).get(1, []):
        e = parse(ent)
        k = e.get(1, [b""])[0].decode()
        v = parse(e.get(2, [b""])[0])
        if 1 in v:
            out[k] = v[1][0].decode()
        elif 2 in v:
            out[k] = bool(v[2][0])
        elif 3 in v:
            out[k] = struct.unpack("<q", struct.pack("<d", v[3][0]))[0]
        elif 4 in v:
            out[k] = v[4][0]
        elif 5 in v:
            out[k] = [x.decode() for x in parse(v[5][0]).get(1, [])]
        else:
            out[k] = None
    return out
