//! The statements of subscriptions. Compiled once for each backend; `super` says which.
#![expect(clippy::ref_option_ref, reason = "the code that AsChangeset derives")]

use diesel::dsl::count_star;
use diesel::prelude::*;
use kw_domain::{Instant, Oin, SubscriptionId};
use kw_protocol::signal::SignalType;
use kw_protocol::subscription::DeliveryFailure;

use super::Conn;
use crate::error::StoreError;
use crate::schema::{dead_letters, subscriptions};
use crate::switchboard::{StoredDeadLetter, StoredSubscription, SubscriptionsRead, SubscriptionsWrite};

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscriptions)]
struct Row {
    id: Vec<u8>,
    subscriber: String,
    sink: Option<String>,
    types: String,
    filters: String,
    reference: Option<String>,
    created_at: i64,
    verified_at: Option<i64>,
    ended_at: Option<i64>,
    allowed_rate: Option<i64>,
    reached: i64,
    attempts: i64,
    next_attempt_at: i64,
    failure: Option<String>,
    failing_since: Option<i64>,
}

#[derive(AsChangeset)]
// None is NULL here, not "leave it".
#[diesel(table_name = subscriptions, treat_none_as_null = true)]
struct Changes<'a> {
    verified_at: Option<i64>,
    ended_at: Option<i64>,
    allowed_rate: Option<i64>,
    reached: i64,
    attempts: i64,
    next_attempt_at: i64,
    failure: Option<&'a str>,
    failing_since: Option<i64>,
}

type LetterRow = (Vec<u8>, i64, String, i64, i64, i64);

impl SubscriptionsRead for Conn {
    fn subscription(&mut self, id: SubscriptionId) -> Result<Option<StoredSubscription>, StoreError> {
        let row: Option<Row> = subscriptions::table
            .find(id.as_bytes().as_slice())
            .select(Row::as_select())
            .first(self)
            .optional()?;
        row.map(stored).transpose()
    }

    fn subscriptions_of(
        &mut self,
        subscriber: Oin,
        limit: u32,
    ) -> Result<Vec<StoredSubscription>, StoreError> {
        let rows: Vec<Row> = subscriptions::table
            .filter(subscriptions::subscriber.eq(subscriber.as_str()))
            .order(subscriptions::id.desc())
            .limit(i64::from(limit))
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn count_live_subscriptions(&mut self, subscriber: Oin) -> Result<u64, StoreError> {
        let count: i64 = subscriptions::table
            .filter(subscriptions::subscriber.eq(subscriber.as_str()))
            .filter(subscriptions::ended_at.is_null())
            .select(count_star())
            .first(self)?;
        Ok(count as u64)
    }

    fn live_subscriptions(&mut self) -> Result<Vec<StoredSubscription>, StoreError> {
        let rows: Vec<Row> = subscriptions::table
            .filter(subscriptions::ended_at.is_null())
            .order(subscriptions::id)
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn dead_letters(
        &mut self,
        id: SubscriptionId,
        after: u64,
        replay: bool,
        limit: u32,
    ) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let mut query = dead_letters::table
            .filter(dead_letters::subscription.eq(id.as_bytes().to_vec()))
            .filter(dead_letters::number.gt(i64::try_from(after).unwrap_or(i64::MAX)))
            .order(dead_letters::number)
            .limit(i64::from(limit))
            .into_boxed();
        if replay {
            query = query.filter(dead_letters::replay.eq(1));
        }
        let rows: Vec<LetterRow> = query.load(self)?;
        rows.into_iter().map(letter).collect()
    }

    fn count_dead_letters(&mut self, id: SubscriptionId) -> Result<u64, StoreError> {
        let of_it = dead_letters::table.filter(dead_letters::subscription.eq(id.as_bytes().as_slice()));
        Ok(of_it.select(count_star()).first::<i64>(self)? as u64)
    }

    fn count_all_dead_letters(&mut self) -> Result<u64, StoreError> {
        let live = subscriptions::table.filter(subscriptions::ended_at.is_null()).select(subscriptions::id);
        let of_live = dead_letters::table.filter(dead_letters::subscription.eq_any(live));
        Ok(of_live.select(count_star()).first::<i64>(self)? as u64)
    }

    fn replaying(&mut self) -> Result<Vec<SubscriptionId>, StoreError> {
        let ids: Vec<Vec<u8>> = dead_letters::table
            .filter(dead_letters::replay.eq(1))
            .select(dead_letters::subscription)
            .distinct()
            .load(self)?;
        ids.into_iter().map(|id| Ok(SubscriptionId::from_bytes(sixteen(id)?))).collect()
    }
}

impl SubscriptionsWrite for Conn {
    fn insert_subscription(&mut self, new: &StoredSubscription) -> Result<(), StoreError> {
        let types: Vec<_> = new.types.iter().map(|kind| kind.code()).collect();
        let filters = serde_json::to_string(&new.filters).map_err(|_| StoreError::Damaged("filters"))?;
        diesel::insert_into(subscriptions::table)
            .values((
                subscriptions::id.eq(new.id.as_bytes().as_slice()),
                subscriptions::subscriber.eq(new.subscriber.as_str()),
                subscriptions::sink.eq(new.sink.as_deref()),
                subscriptions::types.eq(types.join(" ")),
                subscriptions::filters.eq(filters),
                subscriptions::reference.eq(new.reference.as_deref()),
                subscriptions::created_at.eq(new.created_at.as_millis()),
                subscriptions::verified_at.eq(new.verified_at.map(Instant::as_millis)),
                subscriptions::ended_at.eq(new.ended_at.map(Instant::as_millis)),
                subscriptions::allowed_rate.eq(new.allowed_rate.map(i64::from)),
                subscriptions::reached.eq(new.reached as i64),
                subscriptions::attempts.eq(i64::from(new.attempts)),
                subscriptions::next_attempt_at.eq(new.next_attempt_at.as_millis()),
                subscriptions::failure.eq(new.failure.map(DeliveryFailure::code)),
                subscriptions::failing_since.eq(new.failing_since.map(Instant::as_millis)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn update_subscription(&mut self, changed: &StoredSubscription) -> Result<(), StoreError> {
        diesel::update(subscriptions::table.find(changed.id.as_bytes().as_slice()))
            .set(Changes {
                verified_at: changed.verified_at.map(Instant::as_millis),
                ended_at: changed.ended_at.map(Instant::as_millis),
                allowed_rate: changed.allowed_rate.map(i64::from),
                reached: changed.reached as i64,
                attempts: i64::from(changed.attempts),
                next_attempt_at: changed.next_attempt_at.as_millis(),
                failure: changed.failure.map(DeliveryFailure::code),
                failing_since: changed.failing_since.map(Instant::as_millis),
            })
            .execute(self)?;
        Ok(())
    }

    fn store_dead_letter(&mut self, letter: &StoredDeadLetter) -> Result<(), StoreError> {
        self.delete_dead_letter(letter.subscription, letter.number)?;
        diesel::insert_into(dead_letters::table)
            .values((
                dead_letters::subscription.eq(letter.subscription.as_bytes().as_slice()),
                dead_letters::number.eq(letter.number as i64),
                dead_letters::failure.eq(letter.failure.code()),
                dead_letters::attempts.eq(i64::from(letter.attempts)),
                dead_letters::failed_at.eq(letter.failed_at.as_millis()),
                dead_letters::replay.eq(i64::from(letter.replay)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn delete_dead_letter(&mut self, id: SubscriptionId, number: u64) -> Result<(), StoreError> {
        diesel::delete(dead_letters::table.find((id.as_bytes().as_slice(), number as i64))).execute(self)?;
        Ok(())
    }

    fn mark_dead_letters(
        &mut self,
        id: SubscriptionId,
        number: Option<u64>,
        replay: bool,
    ) -> Result<u64, StoreError> {
        let of_it = dead_letters::subscription.eq(id.as_bytes().as_slice());
        let marked = dead_letters::replay.eq(i64::from(replay));
        let changed = match number {
            Some(number) => diesel::update(dead_letters::table)
                .filter(of_it)
                .filter(dead_letters::number.eq(i64::try_from(number).unwrap_or(i64::MAX)))
                .set(marked)
                .execute(self)?,
            None => diesel::update(dead_letters::table).filter(of_it).set(marked).execute(self)?,
        };
        Ok(changed as u64)
    }

    fn forget_subscriptions(&mut self, before: Instant) -> Result<(), StoreError> {
        let before = before.as_millis();
        diesel::delete(dead_letters::table.filter(dead_letters::failed_at.lt(before))).execute(self)?;
        diesel::delete(subscriptions::table.filter(subscriptions::ended_at.lt(before))).execute(self)?;
        Ok(())
    }
}

fn stored(row: Row) -> Result<StoredSubscription, StoreError> {
    let kind = |code| SignalType::parse(code).ok_or(StoreError::Damaged("signal type"));
    Ok(StoredSubscription {
        id: SubscriptionId::from_bytes(sixteen(row.id)?),
        subscriber: Oin::parse(&row.subscriber).map_err(|_| StoreError::Damaged("OIN"))?,
        sink: row.sink,
        types: row.types.split_whitespace().map(kind).collect::<Result<_, _>>()?,
        filters: serde_json::from_str(&row.filters).map_err(|_| StoreError::Damaged("filters"))?,
        reference: row.reference,
        created_at: Instant::from_millis(row.created_at),
        verified_at: row.verified_at.map(Instant::from_millis),
        ended_at: row.ended_at.map(Instant::from_millis),
        allowed_rate: row.allowed_rate.map(|rate| rate as u32),
        reached: row.reached as u64,
        attempts: row.attempts as u32,
        next_attempt_at: Instant::from_millis(row.next_attempt_at),
        failure: row.failure.as_deref().map(failure).transpose()?,
        failing_since: row.failing_since.map(Instant::from_millis),
    })
}

fn letter(
    (subscription, number, why, attempts, failed_at, replay): LetterRow,
) -> Result<StoredDeadLetter, StoreError> {
    Ok(StoredDeadLetter {
        subscription: SubscriptionId::from_bytes(sixteen(subscription)?),
        number: number as u64,
        failure: failure(&why)?,
        attempts: attempts as u32,
        failed_at: Instant::from_millis(failed_at),
        replay: replay != 0,
    })
}

fn failure(code: &str) -> Result<DeliveryFailure, StoreError> {
    DeliveryFailure::parse(code).ok_or(StoreError::Damaged("delivery failure"))
}

fn sixteen(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("id"))
}
