//! The folders of the person who runs the program, from the environment (XDG base directories).
//!
//! Guarantees: this file and the `env = …` attributes of the arguments are all that reads the environment.

use std::path::PathBuf;

/// Where configuration files live: `$XDG_CONFIG_HOME`, else `~/.config`.
pub fn config_directory() -> Option<PathBuf> {
    directory("XDG_CONFIG_HOME", ".config")
}

/// Where histories live: `$XDG_STATE_HOME`, else `~/.local/state`.
pub fn state_directory() -> Option<PathBuf> {
    directory("XDG_STATE_HOME", ".local/state")
}

/// The folder the variable names (absolute ones only, as the XDG specification asks), else the one below home.
fn directory(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || {
        std::env::var_os("HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    named.or_else(|| Some(home()?.join(below_home)))
}
