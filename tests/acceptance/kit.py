"""What the checks of all clients share: how they register, connect, and watch the server.

A check is a function below `@check("client.feature", level)`. It raises `Fail` (or anything else) when it fails and `Skip` when it cannot
be made here; what it returns is printed. `ARGS` holds the arguments of flight_acceptance.py, `CHECKS` what registered.
"""

import argparse
import os
import threading
import time

# imported before the first check, whose time is limited: a cold disk needs half a minute for it
import adbc_driver_flightsql.dbapi as flight
import flightpb as pb
import pyarrow as pa
import pyarrow.flight as fl

ARGS = argparse.Namespace()
CHECKS = []
RESULTS = []
# one dense union holds all values of SqlInfo; which member is which is fixed
MEMBER = {"string_value": "s", "bool_value": "b", "bigint_value": "i", "int32_bitmask": "m", "string_list": "l", "int32_to_int32_list_map": "M"}


class Skip(Exception):
    pass


class Fail(AssertionError):
    pass


def check(name, level="must", timeout=300, needs=""):
    def deco(f):
        CHECKS.append((name, level, timeout, needs, f))
        return f
    return deco


def ensure(cond, msg=""):
    if not cond:
        raise Fail(msg() if callable(msg) else msg)


def report(result):
    RESULTS.append(result)
    print(f"{result['status']:4} {result['level']:6} {result['name']:34} {result.get('seconds', 0):5.1f}s {result['detail']}", flush=True)


def short(e):
    s = f"{type(e).__name__}: {e}" if not isinstance(e, Fail) else str(e)
    return " ".join(s.split())[:420]


def uri(scheme=None):
    return f"{scheme or ('grpc+tls' if ARGS.tls else 'grpc')}://{ARGS.host}:{ARGS.port}"


def pem(path):
    with open(path, "rb") as f:
        return f.read()


def adbc_kwargs():
    from adbc_driver_flightsql import DatabaseOptions as D

    kw = {}
    if ARGS.token:
        kw[D.AUTHORIZATION_HEADER.value] = f"Bearer {ARGS.token}"
    elif ARGS.user:
        kw["username"], kw["password"] = ARGS.user, ARGS.password or ""
    if ARGS.tls and ARGS.skip_verify:
        kw[D.TLS_SKIP_VERIFY.value] = "true"
    if ARGS.ca:
        kw[D.TLS_ROOT_CERTS.value] = pem(ARGS.ca).decode()
    if ARGS.client_cert:
        kw[D.MTLS_CERT_CHAIN.value] = pem(ARGS.client_cert).decode()
        kw[D.MTLS_PRIVATE_KEY.value] = pem(ARGS.client_key).decode()
    return kw


def adbc(autocommit=True, **extra):
    return flight.connect(uri(), db_kwargs={**adbc_kwargs(), **extra}, autocommit=autocommit)


class CookieJar(fl.ClientMiddlewareFactory):
    """What the JDBC driver always does: send back the cookies the server sets."""

    def __init__(self):
        self.cookies = {}

    def start_call(self, info):
        jar = self

        class M(fl.ClientMiddleware):
            def sending_headers(self):
                return {"cookie": "; ".join(f"{k}={v}" for k, v in jar.cookies.items())} if jar.cookies else {}

            def received_headers(self, headers):
                low = {k.lower(): v for k, v in headers.items()}
                for c in low.get("set-cookie", []):
                    k, _, v = c.split(";")[0].partition("=")
                    jar.cookies[k.strip()] = v.strip()
        return M()


class Raw:
    """pyarrow.flight connection speaking hand-encoded Flight SQL, authenticated as the JDBC driver does."""

    def __init__(self, cookies=True):
        kw = {}
        self.jar = CookieJar() if cookies else None
        if self.jar:
            kw["middleware"] = [self.jar]
        if ARGS.tls and ARGS.skip_verify:
            kw["disable_server_verification"] = True
        if ARGS.ca:
            kw["tls_root_certs"] = pem(ARGS.ca)
        if ARGS.client_cert:
            kw["cert_chain"], kw["private_key"] = pem(ARGS.client_cert), pem(ARGS.client_key)
        self.c = fl.FlightClient(uri("grpc+tls" if ARGS.tls else "grpc+tcp"), **kw)
        self.headers = []
        if ARGS.token:
            self.headers = [(b"authorization", f"Bearer {ARGS.token}".encode())]
        elif ARGS.user:
            self.headers = [self.c.authenticate_basic_token(ARGS.user, ARGS.password or "")]

    def opts(self, timeout=60, headers=()):
        return fl.FlightCallOptions(timeout=timeout, headers=[*self.headers, *headers])

    def info(self, name, headers=(), **kw):
        return self.c.get_flight_info(fl.FlightDescriptor.for_command(pb.cmd(name, **kw)), self.opts(headers=headers))

    def get(self, info, read=True):
        ts = []
        for ep in info.endpoints:
            r = self.c.do_get(ep.ticket, self.opts())
            ts.append(r.read_all() if read else r)
        return pa.concat_tables(ts) if read and ts else (ts[0] if ts else None)

    def run(self, name, **kw):
        i = self.info(name, **kw)
        return i, self.get(i)

    def sql(self, q):
        return self.run("CommandStatementQuery", query=q)

    def action(self, type_, body=b"", timeout=60):
        return [r.body.to_pybytes() for r in self.c.do_action(fl.Action(type_, body), self.opts(timeout))]

    def prepare(self, q):
        out = self.action("CreatePreparedStatement", pb.cmd("ActionCreatePreparedStatementRequest", query=q))
        ensure(len(out) == 1, f"CreatePreparedStatement returned {len(out)} results, expected 1")
        url, body = pb.any_unpack(out[0])
        ensure(url.endswith("ActionCreatePreparedStatementResult"), "wrong type_url " + url)
        return pb.decode("ActionCreatePreparedStatementResult", body)

    def bind(self, handle, batch, cmd="CommandPreparedStatementQuery"):
        d = fl.FlightDescriptor.for_command(pb.cmd(cmd, handle=handle))
        w, r = self.c.do_put(d, batch.schema, self.opts())
        try:
            w.write_batch(batch)
            w.done_writing()
            m = r.read()
        finally:
            w.close()
        return None if m is None else m.to_pybytes()

    def put(self, name, batches, schema, **kw):
        d = fl.FlightDescriptor.for_command(pb.cmd(name, **kw) if not kw.get("_raw") else kw["_raw"])
        w, r = self.c.do_put(d, schema, self.opts())
        for b in batches:
            w.write_batch(b)
        w.done_writing()
        m = r.read()
        w.close()
        ensure(m is not None, "server sent no PutResult")
        return pb.decode("DoPutUpdateResult", m.to_pybytes()).get("record_count", 0)

    def close(self):
        self.c.close()


def read_ipc_schema(buf):
    return pa.ipc.read_schema(pa.py_buffer(buf))


def proc_cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        p = f.read().rsplit(")", 1)[1].split()
    return (int(p[11]) + int(p[12])) / os.sysconf("SC_CLK_TCK")


def proc_rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("VmRSS")) / 1024


def stops_within(pid, seconds, what):
    """The server must stop working on a query soon after it ended at the client."""
    t0 = time.time()
    while True:
        a = proc_cpu(pid)
        time.sleep(0.5)
        used = (proc_cpu(pid) - a) / 0.5
        if used < 0.2:
            return f"idle {time.time() - t0 - 0.5:.1f}s after {what}"
        if time.time() - t0 > seconds:
            wait_idle(pid)
            raise Fail(f"server still burns {used:.2f} cores {seconds}s after {what}")


def wait_idle(pid, limit=60):
    t0 = time.time()
    while time.time() - t0 < limit:
        a = proc_cpu(pid)
        time.sleep(0.5)
        if proc_cpu(pid) - a < 0.05:
            return


def typed_sql():
    return ARGS.types_sql or f"select * from {ARGS.table} limit 3"


def T():
    return ARGS.table


def K():
    return ARGS.key


def tmp(n):
    return f"{ARGS.write_prefix}{n}_{os.getpid()}"


def big_mib():
    """Size of the result of --big-sql (LIMIT would change what is measured, so it is read once)."""
    if not getattr(ARGS, "big_mib", None):
        with adbc() as c, c.cursor() as cur:
            cur.execute(ARGS.big_sql)
            ARGS.big_mib = sum(b.nbytes for b in cur.fetch_record_batch()) / 2**20
    return ARGS.big_mib


def union_members(t):
    ty = t.schema.field("value").type
    ensure(pa.types.is_union(ty) and ty.mode == "dense", f"value is {ty}, expected a dense union")
    return [ty.field(i).name for i in range(ty.num_fields)], list(ty.type_codes)


def sqlinfo_all(r):
    i, t = r.run("CommandGetSqlInfo")
    return t


def sqlinfo_dict(t):
    names, _c = union_members(t)
    v = t.column("value").combine_chunks()
    v = v.chunk(0) if isinstance(v, pa.ChunkedArray) else v
    return {c: (MEMBER[names[v.type_codes[i].as_py()]], v[i].as_py()) for i, c in enumerate(t.column("info_name").to_pylist())}


def locate(r):
    i, t = r.run("CommandGetTables", table_name_filter_pattern=T())
    ensure(t.num_rows, "table not found")
    return t.column(0)[0].as_py(), t.column(1)[0].as_py(), t.column(3)[0].as_py()
