//! The statements of alarms. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::{AlarmId, Instant, Oin};
use kw_protocol::alarm::AlarmReason;

use super::Conn;
use crate::error::StoreError;
use crate::schema::alarms;
use crate::switchboard::{AlarmsRead, AlarmsWrite, StoredAlarm};

type Row = (Vec<u8>, String, String, i64, i64, i64);

impl AlarmsRead for Conn {
    fn alarm(&mut self, id: AlarmId) -> Result<Option<StoredAlarm>, StoreError> {
        let row: Option<Row> = alarms::table.find(id.as_bytes().as_slice()).first(self).optional()?;
        row.map(stored).transpose()
    }

    fn alarms(
        &mut self,
        party: Option<Oin>,
        before: Option<AlarmId>,
        limit: u32,
    ) -> Result<Vec<StoredAlarm>, StoreError> {
        let mut query = alarms::table.order(alarms::id.desc()).limit(i64::from(limit)).into_boxed();
        if let Some(party) = party {
            query = query.filter(alarms::party.eq(party.as_str().to_owned()));
        }
        if let Some(before) = before {
            query = query.filter(alarms::id.lt(before.as_bytes().to_vec()));
        }
        let rows: Vec<Row> = query.load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn last_alarm(&mut self, party: Oin, reason: AlarmReason) -> Result<Option<Instant>, StoreError> {
        let last: Option<i64> = alarms::table
            .filter(alarms::party.eq(party.as_str()))
            .filter(alarms::reason.eq(reason.code()))
            .order(alarms::raised_at.desc())
            .select(alarms::raised_at)
            .first(self)
            .optional()?;
        Ok(last.map(Instant::from_millis))
    }
}

impl AlarmsWrite for Conn {
    fn raise_alarm(&mut self, alarm: &StoredAlarm) -> Result<(), StoreError> {
        diesel::insert_into(alarms::table)
            .values((
                alarms::id.eq(alarm.id.as_bytes().as_slice()),
                alarms::party.eq(alarm.party.as_str()),
                alarms::reason.eq(alarm.reason.code()),
                alarms::questions.eq(alarm.questions as i64),
                alarms::misses.eq(alarm.misses as i64),
                alarms::raised_at.eq(alarm.raised_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn forget_alarms(&mut self, before: Instant) -> Result<u64, StoreError> {
        let old = alarms::table.filter(alarms::raised_at.lt(before.as_millis()));
        Ok(diesel::delete(old).execute(self)? as u64)
    }
}

fn stored((id, party, reason, questions, misses, raised_at): Row) -> Result<StoredAlarm, StoreError> {
    let id: [u8; 16] = id.try_into().map_err(|_| StoreError::Damaged("id"))?;
    Ok(StoredAlarm {
        id: AlarmId::from_bytes(id),
        party: Oin::parse(&party).map_err(|_| StoreError::Damaged("OIN"))?,
        reason: AlarmReason::parse(&reason).ok_or(StoreError::Damaged("alarm reason"))?,
        questions: questions as u64,
        misses: misses as u64,
        raised_at: Instant::from_millis(raised_at),
    })
}
