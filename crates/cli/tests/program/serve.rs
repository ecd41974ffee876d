//! `chatlake serve`, and the serving end of `chatlake demo`.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};

use crate::folder::{Folder, Run};

/// Reads the child's output up to the line that names the address.
fn bound_address(child: &mut Child) -> (String, BufReader<std::process::ChildStdout>) {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while stdout.read_line(&mut line).unwrap() > 0 {
        if let Some((_, address)) = line.trim_end().split_once("grpc://") {
            return (address.to_owned(), stdout);
        }
        line.clear();
    }
    panic!(
        "expected a line with grpc://, found the end of the output: {}",
        rest(child)
    );
}

fn rest(child: &mut Child) -> String {
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn send(signal: &str, child: &Child) {
    // the shell's own `kill` is there on every Unix
    let script = format!("kill {signal} {}", child.id());
    let status = Command::new("sh").args(["-c", &script]).status().unwrap();
    assert!(status.success());
}

#[test]
fn it_serves_on_a_free_port_and_stops_when_told_to() {
    let folder = Folder::with_records();
    for signal in ["-TERM", "-INT"] {
        let mut child = folder
            .command(&["serve", "--flight", "127.0.0.1:0"])
            .spawn()
            .unwrap();
        let (address, mut stdout) = bound_address(&mut child);
        assert!(!address.ends_with(":0"), "{address}");
        drop(TcpStream::connect(&address).unwrap());
        send(signal, &child);
        let mut greeting = String::new();
        stdout.read_to_string(&mut greeting).unwrap();
        for expected in [
            format!("flight.connect(\"grpc://{address}\")"),
            format!("jdbc:arrow-flight-sql://{address}?useEncryption=false"),
        ] {
            assert!(
                greeting.contains(&expected),
                "`{expected}` is missing in: {greeting}"
            );
        }
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{signal}: {}", run.stderr);
    }
}

#[test]
fn the_demo_ends_by_serving() {
    let folder = Folder::new();
    folder.write("records.ndjson", crate::folder::RECORDS);
    let arguments = [
        "demo",
        "records.ndjson",
        "--lake",
        "memory://",
        "--flight",
        "127.0.0.1:0",
    ];
    let mut child = folder.command(&arguments).spawn().unwrap();
    let (address, _stdout) = bound_address(&mut child);
    drop(TcpStream::connect(&address).unwrap());
    send("-TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_address_beyond_this_machine_needs_a_word_more() {
    let folder = Folder::with_records();
    for address in ["0.0.0.0:0", "[::]:0"] {
        folder
            .chatlake(&["serve", "--flight", address])
            .failed(2, "--allow-insecure-remote");
        folder
            .chatlake(&["serve", "--flight", "127.0.0.1:0", "--postgres", address])
            .failed(2, "--allow-insecure-remote");
    }
    let arguments = ["serve", "--flight", "0.0.0.0:0", "--allow-insecure-remote"];
    let mut child = folder.command(&arguments).spawn().unwrap();
    let (address, _stdout) = bound_address(&mut child);
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    send("-TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_address_that_cannot_be_used_is_named() {
    let folder = Folder::with_records();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    folder
        .chatlake(&["serve", "--flight", &address])
        .failed(1, &format!("cannot listen on `{address}`"));
    folder
        .chatlake(&["serve", "--flight", "nonsense"])
        .failed(1, "cannot listen on `nonsense`");
}

#[test]
fn there_must_be_a_lake_to_serve() {
    let folder = Folder::new();
    folder
        .chatlake(&["serve", "--flight", "127.0.0.1:0"])
        .failed(1, "chatlake-data");
}

#[test]
fn users_of_the_auth_file_are_asked_for() {
    let folder = Folder::with_records();
    folder
        .chatlake(&["serve", "--auth"])
        .failed(1, "there is no auth file");
    let add = [
        "auth",
        "add-user",
        "ada",
        "--role",
        "owner",
        "--every-account",
    ];
    folder.chatlake_reading("correct horse\n", &add).succeeded();
    // users without TLS are not enough beyond this machine
    folder
        .chatlake(&["serve", "--flight", "0.0.0.0:0"])
        .failed(2, "without TLS");
    let mut child = folder
        .command(&["serve", "--flight", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let (_, stdout) = bound_address(&mut child);
    let greeting: Vec<String> = stdout.lines().map_while(Result::ok).take(6).collect();
    assert!(
        greeting.iter().any(|line| line.contains("\"password\"")),
        "{greeting:?}"
    );
    send("-TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
