//! The desk over real HTTP: every service a process of its own, and people who sign in at a provider that is not ours.

mod asking;
mod bed;
mod hostile;
mod in_browser;
mod limits;
mod received;
mod representation;
mod streamed;
