//! The statements of feeds. Compiled once for each backend; `super` says which.

use std::collections::BTreeMap;

use diesel::prelude::*;
use kw_domain::{Instant, Oin, SignalId};
use kw_protocol::signal::SignalType;

use super::Conn;
use crate::error::StoreError;
use crate::schema::{signal_heads, signals};
use crate::switchboard::{NewSignal, SignalsRead, SignalsWrite, StoredSignal};

// PostgreSQL takes at most 65,535 parameters in one statement.
const ROWS_AT_ONCE: usize = 1_000;

type Row = (i64, Vec<u8>, String, Vec<u8>, i64);

impl SignalsRead for Conn {
    fn signals_after(
        &mut self,
        recipient: Oin,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredSignal>, StoreError> {
        let rows: Vec<Row> = signals::table
            .filter(signals::recipient.eq(recipient.as_str()))
            .filter(signals::number.gt(i64::try_from(after).unwrap_or(i64::MAX)))
            .order(signals::number)
            .limit(i64::from(limit))
            .select((signals::number, signals::id, signals::kind, signals::about, signals::at))
            .load(self)?;
        rows.into_iter().map(|row| stored(recipient, row)).collect()
    }

    fn signal_heads(&mut self) -> Result<Vec<(Oin, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = signal_heads::table.load(self)?;
        rows.into_iter()
            .map(|(recipient, number)| {
                let recipient = Oin::parse(&recipient).map_err(|_| StoreError::Damaged("OIN"))?;
                Ok((recipient, number as u64))
            })
            .collect()
    }

    fn was_told(&mut self, recipient: Oin, about: &[u8; 16]) -> Result<bool, StoreError> {
        let found: Option<i64> = signals::table
            .filter(signals::recipient.eq(recipient.as_str()))
            .filter(signals::about.eq(about.as_slice()))
            .select(signals::number)
            .first(self)
            .optional()?;
        Ok(found.is_some())
    }
}

impl SignalsWrite for Conn {
    fn emit(&mut self, new: &[NewSignal]) -> Result<(), StoreError> {
        let mut by_recipient: BTreeMap<Oin, Vec<&NewSignal>> = BTreeMap::new();
        for signal in new {
            by_recipient.entry(signal.recipient).or_default().push(signal);
        }
        for (recipient, told) in by_recipient {
            let last: Option<i64> = signal_heads::table
                .find(recipient.as_str())
                .select(signal_heads::number)
                .first(self)
                .optional()?;
            let first = last.unwrap_or(0) + 1;
            let head = last.unwrap_or(0) + told.len() as i64;
            diesel::insert_into(signal_heads::table)
                .values((signal_heads::recipient.eq(recipient.as_str()), signal_heads::number.eq(head)))
                .on_conflict(signal_heads::recipient)
                .do_update()
                .set(signal_heads::number.eq(head))
                .execute(self)?;
            let numbered: Vec<_> = (first..).zip(told).collect();
            for part in numbered.chunks(ROWS_AT_ONCE) {
                let rows: Vec<_> = part
                    .iter()
                    .map(|(number, signal)| {
                        (
                            signals::recipient.eq(recipient.as_str()),
                            signals::number.eq(number),
                            signals::id.eq(signal.id.as_bytes().as_slice()),
                            signals::kind.eq(signal.kind.code()),
                            signals::about.eq(signal.about.as_slice()),
                            signals::at.eq(signal.at.as_millis()),
                        )
                    })
                    .collect();
                diesel::insert_into(signals::table).values(&rows).execute(self)?;
            }
        }
        Ok(())
    }

    fn forget_signals(&mut self, before: Instant) -> Result<u64, StoreError> {
        let gone = diesel::delete(signals::table.filter(signals::at.lt(before.as_millis()))).execute(self)?;
        Ok(gone as u64)
    }
}

fn stored(recipient: Oin, (number, id, kind, about, at): Row) -> Result<StoredSignal, StoreError> {
    let signal = NewSignal {
        id: SignalId::from_bytes(sixteen(id)?),
        recipient,
        kind: SignalType::parse(&kind).ok_or(StoreError::Damaged("signal type"))?,
        about: sixteen(about)?,
        at: Instant::from_millis(at),
    };
    Ok(StoredSignal { number: number as u64, signal })
}

fn sixteen(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("id"))
}
