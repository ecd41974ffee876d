//! A server in a process of its own.
//!
//! Guarantees: it listens when [`Served::start`] returns; it is told to stop by [`Served::stop`], and killed when that takes too
//! long or when nobody stopped it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use tokio::time::sleep;

use crate::{Error, Result};

/// How long a server that was told to stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// How often it is looked whether it has.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// See the module's documentation.
pub struct Served {
    child: Child,
    /// Where it listens: host and port.
    pub address: String,
    /// Its standard output stays open, so that nothing it prints is an error.
    _output: Option<BufReader<ChildStdout>>,
}

impl Served {
    /// Starts a program whose first line tells where it serves: `… at grpc://127.0.0.1:1234`.
    ///
    /// # Errors
    /// When it cannot be started, or ends without that line.
    pub fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = command.spawn().map_err(Error::io("start a server"))?;
        let mut served = Self {
            child,
            address: String::new(),
            _output: None,
        };
        let mut line = String::new();
        if let Some(output) = served.child.stdout.take() {
            let mut output = BufReader::new(output);
            let read = output.read_line(&mut line);
            read.map_err(Error::io("read what a server says"))?;
            served._output = Some(output);
        }
        let address = address_in(&line).ok_or_else(|| Error::Step {
            step: "start a server".to_owned(),
            message: format!(
                "expected a line with its address, found `{}`",
                line.trim_end()
            ),
        })?;
        served.address = address.to_owned();
        Ok(served)
    }

    /// The id of its process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop and waits until it has. Returns whether it ended well.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn stop(mut self) -> Result<bool> {
        // the shell's own `kill` is there on every Unix
        let script = format!("kill -TERM {}", self.child.id());
        let told = Command::new("sh").args(["-c", &script]).status();
        told.map_err(Error::io("tell a server to stop"))?;
        let mut waited = Duration::ZERO;
        while waited < STOP_WITHIN {
            let ended = self.child.try_wait();
            if let Some(status) = ended.map_err(Error::io("wait for a server"))? {
                return Ok(status.success());
            }
            sleep(LOOK_INTERVAL).await;
            waited += LOOK_INTERVAL;
        }
        Ok(false)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address at the end of the line that a server begins with.
fn address_in(line: &str) -> Option<&str> {
    let (_, address) = line.trim_end().rsplit_once(" at grpc")?;
    let (_, address) = address.split_once("://")?;
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_at_the_end_of_the_line() {
        for line in [
            "Serving file:///lake over Arrow Flight SQL at grpc://127.0.0.1:7\n",
            "Serving memory:// over Arrow Flight SQL at grpc+tls://127.0.0.1:7\n",
        ] {
            assert_eq!(address_in(line), Some("127.0.0.1:7"));
        }
        assert_eq!(address_in("error: there is no lake\n"), None);
    }
}
