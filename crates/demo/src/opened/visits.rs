//! Somebody signs in at each application and sees its first page, over HTTP as a browser does.

use serde::Serialize;

use super::{Opened, PagePlace};
use crate::DemoError;
use crate::browser::Browser;

/// What the first page of an application answered to somebody who signed in.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Visited {
    /// The application.
    pub name: &'static str,
    /// What the visitor is there.
    pub role: String,
    /// The status of the page that the sign-in ended at.
    pub status: u16,
    /// Whether that is the application's first page, with the visitor signed in.
    pub opened: bool,
}

impl Opened {
    /// One visit for each role at each application.
    pub(crate) async fn visits(&self) -> Result<Vec<Visited>, DemoError> {
        let mut visited = Vec::new();
        for place in &self.pages {
            let mut roles = Vec::new();
            for (at, sign_in) in place.sign_ins.iter().enumerate() {
                if roles.contains(&&sign_in.role) {
                    continue;
                }
                roles.push(&sign_in.role);
                visited.push(self.visit(place, at).await?);
            }
        }
        Ok(visited)
    }

    async fn visit(&self, place: &PagePlace, at: usize) -> Result<Visited, DemoError> {
        let sign_in = &place.sign_ins[at];
        let mut browser = Browser::open(&self.roots, "visitor")?;
        let (page, url) = browser.visit(&place.address).await?;
        // Staff choose themselves from a list; people type what they are called.
        let member = page.page.split("name=\"member\"").skip(1).find_map(|rest| {
            let (_, value) = rest.split_once("value=\"")?;
            let (value, after) = value.split_once('"')?;
            after.split("</label>").next()?.contains(&sign_in.name).then(|| value.to_owned())
        });
        let fields = match &member {
            Some(member) => [("member", member.as_str()), ("secret", &sign_in.secret)],
            None => [("username", sign_in.name.as_str()), ("secret", &sign_in.secret)],
        };
        let (page, url) = browser.submit(&page, &url, &fields).await?;
        let opened = page.status == 200 && url == place.address && page.page.contains("/sign-out");
        Ok(Visited { name: place.name, role: sign_in.role.clone(), status: page.status, opened })
    }
}
