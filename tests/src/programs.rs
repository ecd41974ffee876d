//! Programs that tests start or hand to others: `chatlake` itself, and the JDBC driver where there is a Java to run it.
//!
//! Guarantees: what is missing is said in so many words, with what would bring it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::house;
use crate::python;

/// The version of the JDBC driver. Maven Central has 18.3.0 too, which cannot read timestamps with a zone
/// (<https://github.com/apache/arrow-java/issues/839>, mended in 19.0.0).
const JDBC_VERSION: &str = "18.2.0";

/// The program `chatlake`. It is built by `cargo test --workspace` and lies beside `neighbour`, a program of this package.
pub fn chatlake(neighbour: &str) -> PathBuf {
    let program = Path::new(neighbour).with_file_name("chatlake");
    assert!(
        program.exists(),
        "`{}` is not built: `cargo build --release` builds it, and so does `cargo test --release --workspace`",
        program.display()
    );
    program
}

/// The file of the JDBC driver: what `CHATLAKE_JDBC_JAR` names, or what Maven copied into a folder below `target`.
///
/// # Errors
/// Why there is none: no Java, no Maven, or nothing that Maven could reach.
pub fn jdbc_driver(target: &Path) -> Result<PathBuf, String> {
    if let Some(named) = house::environment("CHATLAKE_JDBC_JAR") {
        return Ok(PathBuf::from(named));
    }
    let folder = target.join("chatlake-jdbc");
    let driver = folder.join(format!("flight-sql-jdbc-driver-{JDBC_VERSION}.jar"));
    let java = Command::new("java").arg("-version").output();
    java.map_err(|error| format!("`java` did not start: {error}"))?;
    if driver.exists() {
        return Ok(driver);
    }
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--quiet", "dependency:copy"]);
    maven.arg(format!(
        "-Dartifact=org.apache.arrow:flight-sql-jdbc-driver:{JDBC_VERSION}"
    ));
    maven.arg(format!("-DoutputDirectory={}", folder.display()));
    // not in the checkout, where Maven would look for a project
    let output = maven
        .current_dir(target)
        .output()
        .map_err(|error| format!("`mvn` did not start: {error}"))?;
    if output.status.success() && driver.exists() {
        return Ok(driver);
    }
    Err(format!(
        "`mvn` did not bring the driver:\n{}",
        python::text(&output)
    ))
}
