//! Clients that do not follow the protocol: the connection ends with a reason, and the server goes on.

use chatlake_auth::Role;
use chatlake_postgres::PostgresOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{Served, Users, one};

/// A connection without a driver.
struct Raw(TcpStream);

/// A message of the server: its type and body.
type Message = (char, Vec<u8>);

impl Raw {
    async fn open(served: &Served) -> Self {
        Self(TcpStream::connect(served.address).await.unwrap())
    }

    /// A connection that has logged in where no password is asked for.
    async fn logged_in(served: &Served) -> Self {
        let mut raw = Self::open(served).await;
        raw.start().await;
        raw.read_until('Z').await;
        raw
    }

    async fn start(&mut self) {
        let body = b"user\0ada\0database\0chatlake\0\0";
        let length = u32::try_from(8 + body.len()).unwrap().to_be_bytes();
        let packet = [&length[..], &196_608_u32.to_be_bytes(), body].concat();
        self.0.write_all(&packet).await.unwrap();
    }

    async fn send(&mut self, kind: u8, body: &[u8]) {
        let length = u32::try_from(4 + body.len()).unwrap().to_be_bytes();
        let message = [&[kind][..], &length, body].concat();
        // the server may have ended the connection already
        let _ = self.0.write_all(&message).await;
    }

    /// The next message; `None` when the connection has ended.
    async fn read(&mut self) -> Option<Message> {
        let kind = self.0.read_u8().await.ok()?;
        let length = self.0.read_u32().await.ok()?;
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        self.0.read_exact(&mut body).await.ok()?;
        Some((char::from(kind), body))
    }

    /// Reads up to a message of this type.
    async fn read_until(&mut self, kind: char) -> Message {
        loop {
            let message = self
                .read()
                .await
                .unwrap_or_else(|| panic!("the connection ended before `{kind}`"));
            if message.0 == kind {
                return message;
            }
        }
    }

    /// SQLSTATE of the next error.
    async fn error(&mut self) -> String {
        let (_, body) = self.read_until('E').await;
        let fields = body.split(|byte| *byte == 0);
        let mut codes = fields.filter_map(|field| field.strip_prefix(b"C"));
        String::from_utf8(codes.next().unwrap().to_vec()).unwrap()
    }

    async fn has_ended(&mut self) -> bool {
        self.read().await.is_none()
    }
}

fn asks(sql: &str) -> Vec<u8> {
    [b"\0", sql.as_bytes(), b"\0\0\0"].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_before_the_login() {
    let users = Users::new();
    users.add("ada", Role::Admin, &[]);
    let served = Served::with(PostgresOptions::default(), Some(&users)).await;
    for first in [b'Q', b'P', b'B', b'E', b'S', b'F', b'd'] {
        let mut raw = Raw::open(&served).await;
        raw.start().await;
        raw.read_until('R').await;
        raw.send(first, b"SELECT 1\0\0\0").await;
        raw.send(b'Q', b"SELECT 1\0").await;
        while let Some((kind, body)) = raw.read().await {
            assert_eq!(kind, 'E', "{first}: {body:?}");
        }
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_ends_the_connection_for_good() {
    let users = Users::new();
    users.add("ada", Role::Admin, &[]);
    let served = Served::with(PostgresOptions::default(), Some(&users)).await;
    let mut raw = Raw::open(&served).await;
    raw.start().await;
    raw.read_until('R').await;
    raw.send(b'p', b"wrong\0").await;
    raw.send(b'Q', b"SELECT 1\0").await;
    assert_eq!(raw.error().await, "28P01");
    assert!(raw.has_ended().await);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_is_not_read() {
    let options = PostgresOptions {
        message_bytes_max: 100_000,
        ..PostgresOptions::default()
    };
    let served = Served::with(options, None).await;
    let mut raw = Raw::logged_in(&served).await;
    raw.0
        .write_all(&[b'Q', 0x3f, 0xff, 0xff, 0xf0])
        .await
        .unwrap();
    assert_eq!(raw.error().await, "54000");
    assert!(raw.has_ended().await);
    let mut raw = Raw::open(&served).await;
    raw.0
        .write_all(&[0x3f, 0xff, 0xff, 0xf0, 0, 3, 0, 0])
        .await
        .unwrap();
    while let Some((kind, _)) = raw.read().await {
        assert_eq!(kind, 'E');
    }
    assert_eq!(one(&served.client().await, "SELECT 1").await, "1");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_counts_in_a_bind_are_told_and_the_connection_goes_on() {
    let served = Served::oracle().await;
    let mut raw = Raw::logged_in(&served).await;
    for bind in [
        // two formats for three columns
        &b"\0\0\0\0\0\0\0\x02\0\0\0\x01"[..],
        // two formats for no values
        b"\0\0\0\x02\0\0\0\0\0\0\0\0",
        // a value that nobody asked for
        b"\0\0\0\0\0\x01\xff\xff\xff\xff\0\0",
        // more values than bytes
        b"\0\0\0\0\xff\xff\0\0",
    ] {
        raw.send(b'P', &asks("SELECT 1, 2, 3")).await;
        raw.send(b'B', bind).await;
        raw.send(b'S', b"").await;
        assert_eq!(raw.error().await, "08P01", "{bind:?}");
        if raw.read().await.is_none() {
            // what cannot be decoded has no end, so the connection has
            raw = Raw::logged_in(&served).await;
        }
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_rows_may_be_asked_for() {
    let served = Served::oracle().await;
    for rows_max in [i32::MAX, i32::MIN, -1, 0, 1] {
        let mut raw = Raw::logged_in(&served).await;
        raw.send(b'P', &asks("SELECT 1")).await;
        raw.send(b'B', b"\0\0\0\0\0\0\0\0").await;
        raw.send(b'E', &[&b"\0"[..], &rows_max.to_be_bytes()].concat())
            .await;
        raw.send(b'S', b"").await;
        let (_, row) = raw.read_until('D').await;
        assert_eq!(row, b"\0\x01\0\0\0\x011");
        raw.read_until('Z').await;
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_without_sense_harm_nobody() {
    let served = Served::oracle().await;
    let noise = |seed: u64| {
        // a small generator, so that a failure can be repeated
        let step = |state: &mut u64| {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            u8::try_from(*state & 0xff).unwrap()
        };
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..200).map(|_| step(&mut state)).collect::<Vec<u8>>()
    };
    for seed in 1..40 {
        let mut fresh = Raw::open(&served).await;
        let _ = fresh.0.write_all(&noise(seed)).await;
        let mut inside = Raw::logged_in(&served).await;
        let _ = inside.0.write_all(&noise(seed)).await;
    }
    assert_eq!(one(&served.client().await, "SELECT 1").await, "1");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_log_in_is_shown_out() {
    let options = PostgresOptions {
        opening_ms: 50,
        opening_count_max: 2,
        ..PostgresOptions::default()
    };
    let served = Served::with(options, None).await;
    let (mut first, mut second) = (Raw::open(&served).await, Raw::open(&served).await);
    assert!(first.has_ended().await && second.has_ended().await);
    assert_eq!(one(&served.client().await, "SELECT 1").await, "1");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deeply_nested_sql_is_refused() {
    let served = Served::oracle().await;
    let client = served.client().await;
    for sql in [
        format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!(
            "SELECT {}1{} FROM pg_class",
            "(".repeat(20_000),
            ")".repeat(20_000)
        ),
        format!("SELECT {}1", "NOT ".repeat(20_000)),
    ] {
        assert!(client.simple_query(&sql).await.is_err());
    }
    assert_eq!(one(&client, "SELECT 1").await, "1");
    served.stop().await;
}
