//! A source of one's own: a system of which all data fit in a list. Run it with `cargo run --example own_source`.
use std::collections::BTreeSet;

use async_trait::async_trait;
use kw_adapter::{Change, ChangePage, Cursor, LocalId, Source, SourceDocument, SourceError, SourceRecord};
use kw_domain::{BirthDate, Category, Clock, SourceName, Subject, SystemClock};

#[derive(Debug)]
struct CardIndex {
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
        Ok(card.map(|(record, text)| SourceDocument {
            document: serde_json::json!({ "text": text }),
            as_of: SystemClock.now(),
            birth_date: record.birth_date,
            under_investigation: vec![],
        }))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let category = Category::parse("notes")?;
    let (record, subject) = (LocalId::new("card-1")?, Subject::parse("nl.bsn:999990342")?);
    let birth_date = Some(BirthDate::parse("2012-05-03")?);
    let card = SourceRecord { category: category.clone(), record: record.clone(), subject, birth_date };
    let cards = vec![(card, "Called on Monday")];
    let source = CardIndex { name: SourceName::parse("card-index")?, category: category.clone(), cards };
    assert_eq!(source.changes(None).await?.changes.len(), 1);
    assert!(source.fetch(&category, &record).await?.is_some());
    Ok(())
}
