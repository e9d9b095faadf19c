//! Everything that runs for the story.

use std::path::{Path, PathBuf};

use kw_agreement::draft::AgreementDraft;
use kw_client::LocalClient;
use kw_domain::Oin;

use super::people::{Cast, HEALTH, MUNICIPALITY, POSTS, Post, Row, sources, write_file};
use crate::DemoError;
use crate::chain::{Chain, PartnerPlan};
use crate::databases::Databases;
use crate::files::Ground;
use crate::registering::register;

/// The telephone number that everybody has but the school.
pub(super) const OLD_PHONE: &str = "0970 555 0100";
/// The one that the parents gave to the school.
pub(super) const NEW_PHONE: &str = "0970 555 0199";

/// The chain and its files.
pub(super) struct Stage {
    pub(super) cast: Cast,
    chain: Chain,
    folders: Vec<(Post, PathBuf)>,
}

impl Stage {
    /// The municipality and the health service know somebody else; nobody knows Sanne yet.
    pub(super) async fn start(
        program: &Path,
        ground: &Ground,
        databases: &Databases,
    ) -> Result<Self, DemoError> {
        let cast = Cast::make();
        let (mut plans, mut folders) = (Vec::new(), Vec::new());
        for post in POSTS {
            let folder = ground.partner(post.name).join("source");
            let before = [Row { person: cast.bram(), phone: OLD_PHONE, own: "loopt" }];
            let rows = if [MUNICIPALITY, HEALTH].contains(&post) { before.as_slice() } else { &[] };
            write_file(&folder, rows)?;
            plans.push(PartnerPlan {
                name: post.name.to_owned(),
                oin: Oin::parse(post.oin).map_err(|error| DemoError::Agreement(error.to_string()))?,
                sources: sources(post),
                admits_real_numbers: false,
                doors: None,
                authorisation: None,
            });
            folders.push((post, folder));
        }
        let mut draft =
            AgreementDraft::parse(YOUTH).map_err(|error| DemoError::Agreement(error.to_string()))?;
        // The others have no part in this story: nobody waits for them.
        for partner in &mut draft.partners {
            if !POSTS.iter().any(|post| post.oin == partner.oin) {
                "https://127.0.0.1:1".clone_into(&mut partner.endpoint);
            }
        }
        let chain = Chain::start(program, ground, databases, draft, plans).await?;
        let stage = Self { cast, chain, folders };
        for post in POSTS {
            stage.sync(post).await?;
        }
        Ok(stage)
    }

    pub(super) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The local API of a partner's process.
    pub(super) fn at(&self, post: Post) -> Result<&LocalClient, DemoError> {
        Ok(&self.chain.partner(post.name)?.local)
    }

    /// Sanne is in this partner's file from now on, with this telephone number; and the index is told.
    pub(super) async fn knows(&self, post: Post, phone: &str) -> Result<(), DemoError> {
        let sanne = Row { person: self.cast.sanne(), phone, own: "zorgen" };
        let bram = Row { person: self.cast.bram(), phone: OLD_PHONE, own: "loopt" };
        let rows = if post == HEALTH { vec![bram, sanne] } else { vec![sanne] };
        self.write(post, &rows)?;
        self.sync(post).await
    }

    /// Sanne is not in this partner's file any more; and the index is told.
    pub(super) async fn forgets(&self, post: Post) -> Result<(), DemoError> {
        self.write(post, &[])?;
        self.sync(post).await
    }

    fn write(&self, post: Post, rows: &[Row<'_>]) -> Result<(), DemoError> {
        let folder = self.folders.iter().find(|(other, _)| *other == post);
        folder.map_or(Ok(()), |(_, folder)| write_file(folder, rows))
    }

    async fn sync(&self, post: Post) -> Result<(), DemoError> {
        register(self.at(post)?, post.name).await.map(drop)
    }

    pub(super) async fn end(&mut self) {
        self.chain.end().await;
    }
}

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");
