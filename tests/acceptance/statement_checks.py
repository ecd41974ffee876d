"""Checks of statements, tickets, prepared statements, updates, sessions and cancellation, by protocol messages."""

import os
import threading
import time

import flightpb as pb
import pyarrow as pa
import pyarrow.flight as fl
from kit import ARGS, Fail, K, Raw, Skip, T, big_mib, check, ensure, locate, pem, proc_rss, read_ipc_schema, short, sqlinfo_all, sqlinfo_dict, tmp, typed_sql


def classic(t):
    """Encodings of types that at least one client does not read."""
    bad = []
    if pa.types.is_dictionary(t):
        bad.append("dictionary")
    elif pa.types.is_string_view(t) or pa.types.is_binary_view(t):
        bad.append("view type")
    elif str(t).startswith("list_view") or str(t).startswith("large_list_view"):
        bad.append("list view")
    elif pa.types.is_run_end_encoded(t):
        bad.append("run-end encoded")
    elif pa.types.is_float16(t):
        bad.append("float16")
    elif getattr(pa.types, "is_decimal32", lambda _: False)(t) or getattr(pa.types, "is_decimal64", lambda _: False)(t):
        bad.append("decimal32 or decimal64")
    for i in range(t.num_fields if not pa.types.is_dictionary(t) else 0):
        bad += classic(t.field(i).type)
    return bad


def walk_fields(schema):
    for f in schema:
        yield f.name, f.type



@check("raw.flightinfo_schema_equals_stream")
def _():
    r = Raw()
    for q in (f"select * from {T()} limit 3", f"select count(*) n, max({K()}) m from {T()}", typed_sql(), f"select * from {T()} where 1=0",
              "select case when true then 1 end as c", f"select {K()}, row_number() over (order by {K()}) rn from {T()} limit 2"):
        i = r.info("CommandStatementQuery", query=q)
        t = r.get(i)
        ensure(i.schema.equals(t.schema), lambda: f"{q}: FlightInfo {i.schema.to_string(show_schema_metadata=False)[:150]} stream {t.schema.to_string(show_schema_metadata=False)[:150]}")


@check("raw.flightinfo_has_schema")
def _():
    i = Raw().info("CommandStatementQuery", query=f"select * from {T()} limit 1")
    ensure(K() in i.schema.names)


@check("raw.classic_types_only", "must")
def _():
    i, t = Raw().sql(typed_sql())
    bad = [f"{n}: {x}" for n, ty in walk_fields(t.schema) for x in classic(ty)]
    ensure(not bad, "; ".join(bad[:6]))


@check("raw.no_large_offsets", "should")
def _():
    i, t = Raw().sql(typed_sql())
    bad = [n for n, ty in walk_fields(t.schema) if pa.types.is_large_string(ty) or pa.types.is_large_binary(ty) or pa.types.is_large_list(ty)]
    ensure(not bad, f"64-bit offset types in {bad[:6]}")


@check("raw.flightinfo_totals", "nice")
def _():
    i = Raw().info("CommandStatementQuery", query=f"select * from {T()}")
    ensure(i.total_records >= 0 or i.total_records == -1)
    ensure(i.total_records != 0, "total_records 0 for a non-empty result: must be -1 when unknown")
    return f"total_records={i.total_records} total_bytes={i.total_bytes} endpoints={len(i.endpoints)}"


@check("raw.location_reachable", "must")
def _():
    i = Raw().info("CommandStatementQuery", query="select 1")
    locs = [l.uri.decode() for e in i.endpoints for l in e.locations]
    ensure(all(l.startswith("arrow-flight-reuse-connection") for l in locs) or not locs or any(ARGS.host in l for l in locs),
           f"endpoint locations {locs}: not where the client came from")
    return str(locs)


@check("raw.get_schema_rpc", "nice")
def _():
    r = Raw()
    s = r.c.get_schema(fl.FlightDescriptor.for_command(pb.cmd("CommandStatementQuery", query=f"select * from {T()}")), r.opts()).schema
    ensure(K() in s.names)


@check("raw.ticket_reusable", "should")
def _():
    r = Raw()
    i = r.info("CommandStatementQuery", query=f"select count(*) from {T()}")
    a, b = r.get(i), r.get(i)
    ensure(a.equals(b))


@check("raw.ticket_tampered")
def _():
    r = Raw()
    i = r.info("CommandStatementQuery", query="select 1")
    tk = bytearray(i.endpoints[0].ticket.ticket)
    tk[-1] ^= 0x5A
    try:
        r.c.do_get(fl.Ticket(bytes(tk)), r.opts()).read_all()
    except fl.FlightInternalError as e:
        raise Fail("tampered ticket -> INTERNAL: " + short(e)[:150])
    except Exception:
        pass
    else:
        raise Fail("tampered ticket accepted")
    for junk in (b"", b"\xff" * 40, os.urandom(64)):
        try:
            r.c.do_get(fl.Ticket(junk), r.opts()).read_all()
        except Exception:
            pass
    r.sql("select 1")


@check("raw.bare_sql_descriptor", "nice")
def _():
    """The ADBC driver in C# puts bare SQL text into the descriptor."""
    r = Raw()
    i = r.c.get_flight_info(fl.FlightDescriptor.for_command(b"select 1 as one"), r.opts())
    ensure(r.get(i).to_pylist() == [{"one": 1}])


@check("raw.unknown_command_is_unimplemented", "should")
def _():
    r = Raw()
    try:
        r.c.get_flight_info(fl.FlightDescriptor.for_command(pb.fld(1, pb.PREFIX + "CommandNoSuch") + pb.fld(2, b"x")), r.opts())
    except pa.ArrowNotImplementedError:
        return
    except Exception as e:
        raise Fail(f"{type(e).__name__} instead of UNIMPLEMENTED")
    raise Fail("accepted")


@check("raw.prepared.jdbc_cycle")
def _():
    r = Raw()
    p = r.prepare(f"select {K()} from {T()} where {K()} = ?")
    ds, ps = read_ipc_schema(p["dataset_schema"]), read_ipc_schema(p["parameter_schema"])
    ensure(ds.names == [K()], f"dataset_schema {ds.names}")
    ensure(len(ps) == 1 and ps.field(0).nullable, f"parameter_schema {ps}, expected one nullable field per ?")
    h = p["handle"]
    ret = r.bind(h, pa.RecordBatch.from_arrays([pa.array([3], ps.field(0).type)], schema=ps))
    if ret is not None and ret:
        h = pb.decode("DoPutPreparedStatementResult", ret).get("handle", h)
    i = r.info("CommandPreparedStatementQuery", handle=h)
    ensure(r.get(i).column(0).to_pylist() == [3])
    r.action("ClosePreparedStatement", pb.cmd("ActionClosePreparedStatementRequest", handle=h))
    return f"parameter type {ps.field(0).type}"


@check("raw.prepared.original_handle_works", "should")
def _():
    """flightsql-dbapi ignores the handle DoPut returns: the first handle must carry the binding."""
    r = Raw()
    p = r.prepare(f"select {K()} from {T()} where {K()} = ?")
    ps = read_ipc_schema(p["parameter_schema"])
    r.bind(p["handle"], pa.RecordBatch.from_arrays([pa.array([3], ps.field(0).type)], schema=ps))
    i = r.info("CommandPreparedStatementQuery", handle=p["handle"])
    ensure(r.get(i).column(0).to_pylist() == [3])


@check("raw.prepared.foreign_param_names", "should")
def _():
    """Clients name parameter columns $1, 1, 0, param_0, ''... : bind by position."""
    r = Raw()
    for names in (["0", "1"], ["param_0", "param_1"], ["", ""], ["$1", "$2"]):
        p = r.prepare(f"select count(*) from {T()} where {K()} >= ? and {K()} < ?")
        b = pa.RecordBatch.from_arrays([pa.array([2]), pa.array([5])], names=names)
        ret = r.bind(p["handle"], b)
        h = (pb.decode("DoPutPreparedStatementResult", ret).get("handle") if ret else None) or p["handle"]
        ensure(r.get(r.info("CommandPreparedStatementQuery", handle=h)).column(0).to_pylist() == [3], f"names {names}")


@check("raw.prepared.union_params", "should")
def _():
    """flightsql-dbapi sends every parameter as a dense union column."""
    r = Raw()
    p = r.prepare(f"select count(*) from {T()} where {K()} <= ?")
    ch = [pa.array([5], pa.int64()), pa.array([], pa.float64()), pa.array([], pa.utf8()), pa.array([], pa.binary()), pa.array([], pa.bool_())]
    u = pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), ch)
    ret = r.bind(p["handle"], pa.RecordBatch.from_arrays([u], names=["param_0"]))
    h = (pb.decode("DoPutPreparedStatementResult", ret).get("handle") if ret else None) or p["handle"]
    ensure(r.get(r.info("CommandPreparedStatementQuery", handle=h)).column(0).to_pylist() == [5])


@check("raw.prepared.is_update_flag", "nice")
def _():
    p = Raw().prepare("select 1")
    ensure("is_update" in p and p["is_update"] == 0, "is_update is not set for a SELECT")


@check("raw.prepared.missing_binding", "should")
def _():
    r = Raw()
    p = r.prepare(f"select {K()} from {T()} where {K()} = ?")
    try:
        r.get(r.info("CommandPreparedStatementQuery", handle=p["handle"]))
    except fl.FlightInternalError as e:
        raise Fail("INTERNAL: " + short(e)[:150])
    except Exception:
        return
    raise Fail("executed without its parameter")


@check("raw.prepared.bad_handle", "should")
def _():
    r = Raw()
    for h in (b"", b"nope", os.urandom(16)):
        try:
            r.info("CommandPreparedStatementQuery", handle=h)
        except fl.FlightInternalError as e:
            raise Fail("INTERNAL: " + short(e)[:150])
        except Exception:
            continue
        raise Fail("accepted a made-up handle")


@check("raw.prepared.closed_handle", "nice")
def _():
    r = Raw()
    p = r.prepare("select 1")
    r.action("ClosePreparedStatement", pb.cmd("ActionClosePreparedStatementRequest", handle=p["handle"]))
    try:
        r.info("CommandPreparedStatementQuery", handle=p["handle"])
    except Exception:
        return
    raise Fail("closed statement still executes")


@check("raw.update_via_doput", "must", needs="write")
def _():
    r = Raw()
    t = tmp("upd")
    e = pa.schema([])
    r.put("CommandStatementUpdate", [], e, query=f"create table {t} (a bigint)")
    n = r.put("CommandStatementUpdate", [], e, query=f"insert into {t} values (1),(2)")
    _, q = r.sql(f"select count(*) from {t}")
    r.put("CommandStatementUpdate", [], e, query=f"drop table {t}")
    ensure(q.column(0)[0].as_py() == 2 and n in (2, -1), f"count {q.column(0)[0]} record_count {n}")


@check("raw.dml_in_query_path_runs_once", "must", needs="write")
def _():
    r = Raw()
    t = tmp("once")
    r.put("CommandStatementUpdate", [], pa.schema([]), query=f"create table {t} (a bigint)")
    i = r.info("CommandStatementQuery", query=f"insert into {t} values (1)")
    r.get(i)
    try:
        r.get(i)  # a client retry of DoGet
    except Exception:
        pass
    _, q = r.sql(f"select count(*) from {t}")
    r.put("CommandStatementUpdate", [], pa.schema([]), query=f"drop table {t}")
    ensure(q.column(0)[0].as_py() == 1, f"{q.column(0)[0]} rows after one INSERT (GetFlightInfo + 2x DoGet)")


@check("raw.prepared_update", "must", needs="write")
def _():
    r = Raw()
    t = tmp("pupd")
    e = pa.schema([])
    r.put("CommandStatementUpdate", [], e, query=f"create table {t} (a bigint, b varchar)")
    p = r.prepare(f"insert into {t} values (?, ?)")
    b = pa.RecordBatch.from_pydict({"1": [1, 2], "2": ["x", None]})
    ret = r.bind(p["handle"], b, "CommandPreparedStatementUpdate")
    _, q = r.sql(f"select count(*) from {t}")
    r.put("CommandStatementUpdate", [], e, query=f"drop table {t}")
    ensure(ret is not None, "no PutResult")
    ensure(q.column(0)[0].as_py() == 2, f"{q.column(0)[0]} rows after a 2-row batch")


@check("raw.session_options", "should")
def _():
    r = Raw()
    out = r.action("SetSessionOptions", pb.set_session_options({"schema": ARGS.write_schema or locate(r)[1]}))
    ensure(len(out) == 1 and not pb.parse(out[0]).get(1), f"errors {out}")
    got = pb.parse_session_options(r.action("GetSessionOptions")[0])
    return str(got)[:200]


@check("raw.session_bad_option_reported", "nice")
def _():
    r = Raw()
    out = r.action("SetSessionOptions", pb.set_session_options({"no_such_option_xyz": "1"}))
    ensure(out and pb.parse(out[0]).get(1), "unknown option silently accepted")


@check("raw.session_close", "should")
def _():
    r = Raw()
    try:
        r.action("CloseSession")
    except pa.ArrowNotImplementedError:
        raise Fail("UNIMPLEMENTED")
    except Exception as e:
        raise Fail(short(e)[:120])


@check("raw.session_get_without_session", "nice")
def _():
    out = Raw().action("GetSessionOptions")
    d = pb.parse_session_options(out[0])
    ensure("catalog" in d and "schema" in d, f"{d}")


@check("raw.transaction_actions", "nice")
def _():
    r = Raw()
    d = sqlinfo_dict(sqlinfo_all(r))
    sup = d.get(8, ("m", 0))[1]
    try:
        out = r.action("BeginTransaction", pb.cmd("ActionBeginTransactionRequest"))
    except pa.ArrowNotImplementedError:
        ensure(sup == 0, f"SqlInfo says transactions={sup} but BeginTransaction is unimplemented")
        raise Skip("not supported, and says so")
    tid = pb.decode("ActionBeginTransactionResult", pb.any_unpack(out[0])[1])["transaction_id"]
    i, t = r.run("CommandStatementQuery", query=f"select count(*) from {T()}", transaction_id=tid)
    r.action("EndTransaction", pb.cmd("ActionEndTransactionRequest", transaction_id=tid, action=1))
    ensure(sup in (1, 2), f"works, but SqlInfo 8 says {sup}")


@check("raw.cancel_flight_info", "nice")
def _():
    r = Raw()
    i = r.info("CommandStatementQuery", query=f"select * from {T()}")
    out = r.action("CancelFlightInfo", pb.fld(1, i.serialize()))
    st = pb.parse(out[0]).get(1, [0])[0]
    ensure(st in (1, 2, 3), f"status {st}")
    return {1: "cancelled", 2: "cancelling", 3: "not cancellable"}[st]


@check("raw.cancel_query_action", "nice")
def _():
    r = Raw()
    i = r.info("CommandStatementQuery", query=f"select * from {T()}")
    out = r.action("CancelQuery", pb.cmd("ActionCancelQueryRequest", info=i.serialize()))
    ensure(out)


@check("raw.renew_endpoint", "nice")
def _():
    r = Raw()
    i = r.info("CommandStatementQuery", query=f"select * from {T()}")
    out = r.action("RenewFlightEndpoint", pb.fld(1, i.endpoints[0].serialize()))
    ensure(out)


@check("raw.poll_flight_info", "nice")
def _():
    import grpc
    if ARGS.tls:
        cred = grpc.ssl_channel_credentials(pem(ARGS.ca) if ARGS.ca else None, *( (pem(ARGS.client_key), pem(ARGS.client_cert)) if ARGS.client_cert else (None, None)))
        ch = grpc.secure_channel(f"{ARGS.host}:{ARGS.port}", cred)
    else:
        ch = grpc.insecure_channel(f"{ARGS.host}:{ARGS.port}")
    md = [(k.decode(), v.decode()) for k, v in Raw().headers]
    f = ch.unary_unary("/arrow.flight.protocol.FlightService/PollFlightInfo", request_serializer=lambda b: b, response_deserializer=lambda b: b)
    req = pb.fld(1, 2) + pb.fld(2, pb.cmd("CommandStatementQuery", query="select 1"))
    out = f(req, metadata=md, timeout=30)
    ensure(1 in pb.parse(out), "PollInfo without info")


@check("raw.ingest_custom_options", "nice", needs="write")
def _():
    r = Raw()
    t = tmp("opt")
    b = pa.RecordBatch.from_pydict({"a": [1, 2]})
    body = pb.msg("CommandStatementIngest", table_definition_options=pb.fld(1, 1) + pb.fld(2, 3), table=t)
    n = r.put("CommandStatementIngest", [b], b.schema, _raw=pb.any_pack("CommandStatementIngest", body))
    r.put("CommandStatementUpdate", [], pa.schema([]), query=f"drop table {t}")
    ensure(n in (2, -1), f"record_count {n}")


@check("raw.concurrent_queries", "must", 120)
def _():
    r = Raw()
    errs, n = [], 16

    def one(k):
        try:
            _, t = r.sql(f"select count(*) from {T()} where {K()} >= {k}")
            ensure(t.num_rows == 1)
        except Exception as e:
            errs.append(e)
    ths = [threading.Thread(target=one, args=(k,)) for k in range(n)]
    [t.start() for t in ths]
    [t.join(60) for t in ths]
    ensure(not errs, lambda: f"{len(errs)}/{n} failed: {short(errs[0])}")


@check("raw.pyarrow_big_result", "must", 600)
def _():
    if not ARGS.big_sql:
        raise Skip("no --big-sql")
    r = Raw()
    t0 = time.time()
    i = r.c.get_flight_info(fl.FlightDescriptor.for_command(pb.cmd("CommandStatementQuery", query=ARGS.big_sql)), r.opts(600))
    t1 = time.time()
    n = 0
    biggest = 0
    for ep in i.endpoints:
        for ch in r.c.do_get(ep.ticket, r.opts(600)):
            n += ch.data.num_rows
            biggest = max(biggest, ch.data.get_total_buffer_size())
    ensure(n == ARGS.big_rows, f"{n} rows")
    return f"GetFlightInfo {t1 - t0:.2f}s, total {time.time() - t0:.1f}s, largest batch {biggest / 1e6:.1f} MB"


@check("raw.abandoned_flightinfo_frees", "should", 120)
def _():
    """BI tools often ask GetFlightInfo and never DoGet; that must not hold results in memory."""
    if not (ARGS.big_sql and ARGS.server_pid):
        raise Skip("needs --big-sql and --server-pid")
    r = Raw()
    a = proc_rss(ARGS.server_pid)
    for _k in range(3):
        r.c.get_flight_info(fl.FlightDescriptor.for_command(pb.cmd("CommandStatementQuery", query=ARGS.big_sql)), r.opts(120))
    grow, size = proc_rss(ARGS.server_pid) - a, big_mib()
    ensure(grow < max(64, size / 2), f"server RSS +{grow:.0f} MiB after 3 GetFlightInfo without DoGet (result {size:.0f} MiB)")
    return f"RSS +{grow:.0f} MiB"
