//! The seed of a random test, and the one command that repeats its failure.

/// Made by [`repeat!`](crate::repeat). Dropped in a panic it prints the command.
pub struct Repeat {
    pub seed: u64,
    /// The seed is the test's own: what it covers is known, and may be asserted.
    pub fixed: bool,
    test: String,
}

impl Repeat {
    /// The seed is `FERROWARP_SEED`, or `seed`.
    pub fn new(package: &str, binary: &str, test: &str, seed: u64) -> Self {
        let given = std::env::var("FERROWARP_SEED");
        let given = given.ok().and_then(|s| s.parse().ok());
        Repeat {
            seed: given.unwrap_or(seed),
            fixed: given.is_none(),
            test: format!("-p {package} --test {binary} {test}"),
        }
    }

    /// What repeats the test with this seed.
    pub fn command(&self) -> String {
        let Repeat { seed, test, .. } = self;
        format!("FERROWARP_SEED={seed} cargo nextest run {test}")
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat: {}", self.command());
        }
    }
}

/// `repeat!(test, seed)`: the [`Repeat`] of a test of the test program that says it.
#[macro_export]
macro_rules! repeat {
    ($test:expr, $seed:expr) => {
        $crate::Repeat::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_CRATE_NAME"),
            $test,
            $seed,
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command() {
        let r = Repeat::new("ferrowarp-sim", "tx_build", "anything_64", 0x9293);
        let command = r.command();
        assert!(command.starts_with("FERROWARP_SEED="));
        assert!(
            command.ends_with(" cargo nextest run -p ferrowarp-sim --test tx_build anything_64")
        );
    }
}
