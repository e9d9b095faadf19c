use std::sync::Arc;

use kw_domain::ManualClock;

use super::*;
use crate::fetching::{FRESH, NOT_LONGER, NOT_SOONER};
use crate::{KeysError, ProviderKeys, TokenError};

struct Setting {
    clock: Arc<ManualClock>,
    provider: Arc<Scripted>,
    keys: ProviderKeys,
}

fn setting(published: &[&SigningKey]) -> Setting {
    let clock = Arc::new(ManualClock::new(now()));
    let provider = Arc::new(Scripted::publishing(published));
    let keys = ProviderKeys::new(Arc::clone(&provider) as _, Arc::clone(&clock) as _);
    Setting { clock, provider, keys }
}

impl Setting {
    async fn knows(&self, key: &SigningKey) -> Result<(), TokenError> {
        self.keys.holding(key.kid()).await.map(drop)
    }
}

#[actix_web::test]
async fn keys_are_fetched_once_and_again_when_they_are_old() {
    let key = SigningKey::generate().unwrap();
    let setting = setting(&[&key]);
    for _ in 0..20 {
        setting.knows(&key).await.unwrap();
    }
    assert_eq!(setting.provider.fetches(), 1);
    setting.clock.advance(FRESH + Duration::from_secs(1));
    setting.knows(&key).await.unwrap();
    assert_eq!(setting.provider.fetches(), 2);
}

#[actix_web::test]
async fn a_new_key_is_known_at_its_first_use_and_an_old_one_is_gone_after_ten_minutes() {
    let (old, new) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let setting = setting(&[&old]);
    setting.knows(&old).await.unwrap();
    setting.clock.advance(NOT_SOONER);
    setting.provider.now_answers(Ok(set_of(&[&new])));
    // Still fresh, and nobody asked for the new one yet.
    setting.knows(&old).await.unwrap();
    setting.knows(&new).await.unwrap();
    assert_eq!(setting.knows(&old).await, Err(TokenError::UnknownKey));

    let taken_back = self::setting(&[&old]);
    taken_back.knows(&old).await.unwrap();
    taken_back.provider.now_answers(Ok(set_of(&[])));
    taken_back.clock.advance(FRESH + Duration::from_secs(1));
    assert_eq!(taken_back.knows(&old).await, Err(TokenError::UnknownKey));
}

#[actix_web::test]
async fn a_flood_of_made_up_key_names_costs_the_provider_one_fetch_in_ten_seconds() {
    let key = SigningKey::generate().unwrap();
    let setting = setting(&[&key]);
    setting.knows(&key).await.unwrap();
    for again in 1..=3 {
        setting.clock.advance(NOT_SOONER);
        for made_up in 0..500 {
            let refused = setting.keys.holding(&format!("made-up-{made_up}")).await.unwrap_err();
            assert_eq!(refused, TokenError::UnknownKey);
        }
        assert_eq!(setting.provider.fetches(), 1 + again);
        setting.knows(&key).await.unwrap();
    }
}

#[actix_web::test]
async fn a_provider_that_is_down_is_borne_for_a_day() {
    let key = SigningKey::generate().unwrap();
    let setting = setting(&[&key]);
    setting.knows(&key).await.unwrap();
    setting.provider.now_answers(Err(FetchError::Unreachable));
    setting.clock.advance(NOT_LONGER);
    setting.knows(&key).await.unwrap();
    // One attempt in ten seconds, not one per token.
    let before = setting.provider.fetches();
    for _ in 0..100 {
        setting.knows(&key).await.unwrap();
    }
    assert_eq!(setting.provider.fetches(), before);
    setting.clock.advance(Duration::from_secs(1));
    assert_eq!(setting.knows(&key).await, Err(TokenError::Keys(KeysError(None))));
    setting.clock.advance(NOT_SOONER);
    let down = TokenError::Keys(KeysError(Some(FetchError::Unreachable)));
    assert_eq!(setting.knows(&key).await, Err(down));
    setting.provider.now_answers(Ok(set_of(&[&key])));
    setting.clock.advance(NOT_SOONER);
    setting.knows(&key).await.unwrap();
}

#[actix_web::test]
async fn many_callers_at_once_wait_for_one_fetch() {
    let key = SigningKey::generate().unwrap();
    let setting = setting(&[&key]);
    let all = (0..50).map(|_| {
        let (keys, kid) = (setting.keys.clone(), key.kid().to_owned());
        actix_web::rt::spawn(async move { keys.holding(&kid).await.is_ok() })
    });
    for one in all.collect::<Vec<_>>() {
        assert!(one.await.unwrap());
    }
    assert_eq!(setting.provider.fetches(), 1);
}

#[actix_web::test]
async fn a_provider_that_does_not_answer_holds_up_one_caller_and_not_all() {
    let key = SigningKey::generate().unwrap();
    let setting = setting(&[&key]);
    setting.knows(&key).await.unwrap();
    setting.clock.advance(FRESH + Duration::from_secs(1));
    let held = setting.provider.hold.lock().await;
    let (keys, kid) = (setting.keys.clone(), key.kid().to_owned());
    let waiting = actix_web::rt::spawn(async move { keys.holding(&kid).await.is_ok() });
    tokio::task::yield_now().await;
    for _ in 0..20 {
        setting.knows(&key).await.unwrap();
    }
    assert_eq!(setting.provider.fetches(), 2);
    assert!(!waiting.is_finished());
    drop(held);
    assert!(waiting.await.unwrap());
}
