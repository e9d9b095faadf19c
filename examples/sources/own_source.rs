//! A source of one's own (docs/write-a-source.md). Run it: `cargo run -p kw-conformance --example own_source`
use std::collections::BTreeSet;

use async_trait::async_trait;
use kw_adapter::{Change, ChangePage, Cursor, LocalId, Source, SourceDocument, SourceError, SourceRecord};
use kw_domain::{BirthDate, Category, Clock, SourceName, Subject, SystemClock};

#[derive(Debug)]
pub(crate) struct CardIndex {
    name: SourceName,
    category: Category,
    cards: Vec<(SourceRecord, &'static str)>,
}

#[async_trait]
impl Source for CardIndex {
    fn name(&self) -> &SourceName {
        &self.name
    }
    fn categories(&self) -> BTreeSet<Category> {
        BTreeSet::from([self.category.clone()])
    }
    async fn changes(&self, _after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        // It cannot tell what changed, so it gives everything; what is known already costs nothing.
        let changes = self.cards.iter().map(|(record, _)| Change::Present(record.clone())).collect();
        Ok(ChangePage {
            changes,
            refused: vec![],
            cursor: Cursor(String::new()),
            more: false,
            complete: true,
        })
    }

    async fn fetch(&self, category: &Category, id: &LocalId) -> Result<Option<SourceDocument>, SourceError> {
        let card = self.cards.iter().find(|(record, _)| record.category == *category && record.record == *id);
        Ok(card.map(|(record, class)| SourceDocument {
            document: serde_json::json!({ "person": { "familyName": "Jansen", "birthDate": "2012-05-03" }, "school": { "class": class } }),
            as_of: SystemClock.now(),
            birth_date: record.birth_date,
            under_investigation: vec![],
        }))
    }
}

pub(crate) fn card_index() -> Result<CardIndex, Box<dyn std::error::Error>> {
    let category = Category::parse("school-attendance")?;
    let (record, subject) = (LocalId::new("card-1")?, Subject::parse("nl.bsn:999990342")?);
    let birth_date = Some(BirthDate::parse("2012-05-03")?);
    let card = SourceRecord { category: category.clone(), record, subject, birth_date };
    Ok(CardIndex { name: SourceName::parse("card-index")?, category, cards: vec![(card, "2b")] })
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = card_index()?;
    assert!(source.fetch(&source.category, &LocalId::new("card-1")?).await?.is_some());
    Ok(())
}
