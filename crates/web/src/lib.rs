//! What the pages of desk, console and inzage share.
//!
//! An application gives its routes, its templates (which extend `base.html`) and its messages, and gets the rest: sign-in at an
//! OpenID provider, a session that expires, forms that only its own pages can send, headers that let nothing in from elsewhere,
//! two languages, plots with a table behind them.
//!
//! The promises, each with a test:
//!
//! - nothing is kept but the session, in memory: signing out, time and a restart end it;
//! - a form that did not come from one of our own pages of this session changes nothing;
//! - no page loads or sends anything to another origin, and none runs a script or style that stands in the page;
//! - the browser is sent to the provider and to paths of our own, and nowhere else.
#![forbid(unsafe_code)]

mod assets;
mod config;
pub mod cookie;
mod error;
mod events;
mod failure;
mod form;
mod headers;
mod language;
mod messages;
mod page;
mod pages;
pub mod plot;
mod routes;
mod serve;
mod session;
mod shell;
mod sign_in;
pub mod testing;
mod text;
mod upload;

pub use config::{PartnerSettings, SessionSettings, SignInSettings, WebSettings};
pub use error::StartError;
pub use events::EVENTS as LOG_EVENTS;
pub use failure::{Failure, Outcome};
pub use form::{Choosable, Fields, Form, FormLimit, Problems, form_token, number, sent_form};
pub use language::Language;
pub use messages::{Messages, MessagesError, Say};
pub use page::{Frame, NavItem};
pub use pages::{Pages, wants_page};
pub use routes::is_own;
pub use session::{Session, SignedIn, User};
pub use shell::{Nav, Shell, ShellError, ShellParts};
pub use sign_in::{Choices, ProviderTerms, Roles};
pub use text::{harmless, harmless_within};
pub use upload::{File, Upload};
