//! For whom it is played: whoever wants to hear how far it is.

/// Hears how far the demonstration is. It goes to people, never into the report.
pub trait Audience: Send + Sync {
    /// The next thing begins.
    fn begins(&self, what: &str);

    /// Something that people should know.
    fn hears(&self, what: &str);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Audience for Nobody {
    fn begins(&self, _: &str) {}

    fn hears(&self, _: &str) {}
}
