//! Blind evaluation at the pseudonymiser: `POST /v1/evaluations`, `GET /v1/keys`.

use kw_domain::{ChainName, Epoch, KeyUse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Bytes32, SecretBytes32};

/// The most elements in one request.
pub const MAX_BATCH: usize = 256;

/// What an evaluation is for; each class has a budget of its own (design §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BudgetClass {
    /// A caseworker asks about one person. Small.
    Query,
    /// The adapter renews its bindings after a rotation. Sized by the declared population.
    Refresh,
    /// The adapter registers pointers. Sized by the declared population.
    Register,
}

impl BudgetClass {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::Query, Self::Refresh, Self::Register];

    /// The class as it stands in messages, configuration and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Refresh => "refresh",
            Self::Register => "register",
        }
    }
}

/// Blinded elements to evaluate, at most [`MAX_BATCH`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluationRequest {
    /// The chain whose key is meant.
    #[schema(value_type = String)]
    pub chain: ChainName,
    /// Index or binding: a key of its own for each.
    #[serde(rename = "use")]
    #[schema(value_type = String)]
    pub key_use: KeyUse,
    /// The budget this is charged to.
    pub class: BudgetClass,
    /// Blinded elements: ristretto255, 32 bytes each.
    #[schema(value_type = Vec<String>, max_items = 256)]
    pub elements: Vec<SecretBytes32>,
}

/// The evaluation under every live epoch, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationResponse {
    /// One entry per live epoch.
    pub evaluations: Vec<EpochEvaluation>,
}

/// The elements under one key, with one proof for the batch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpochEvaluation {
    /// The key's generation.
    #[schema(value_type = u32)]
    pub epoch: Epoch,
    /// Evaluated elements, in the order of the request.
    #[schema(value_type = Vec<String>)]
    pub elements: Vec<SecretBytes32>,
    /// RFC 9497 §2.2 DLEQ proof over the batch: the scalars `c` and `s`, 32 bytes each.
    #[schema(value_type = Vec<String>)]
    pub proof: [Bytes32; 2],
}

/// The pseudonymiser's public keys. A convenience: clients trust only what the agreement lists.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicKeys {
    /// All live keys.
    pub keys: Vec<PublicKey>,
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicKey {
    /// The chain.
    #[schema(value_type = String)]
    pub chain: ChainName,
    /// Index or binding.
    #[serde(rename = "use")]
    #[schema(value_type = String)]
    pub key_use: KeyUse,
    /// The generation.
    #[schema(value_type = u32)]
    pub epoch: Epoch,
    /// K_p: ristretto255, 32 bytes.
    #[schema(value_type = String)]
    pub public_key: Bytes32,
}
