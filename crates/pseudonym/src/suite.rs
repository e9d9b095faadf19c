//! The hash functions of the suite ristretto255-SHA512 in VOPRF mode (RFC 9497 §4.1).
//!
//! Both outputs are 64 bytes, one SHA-512 block, so `expand_message_xmd` (RFC 9380 §5.3.1) needs a single round.

use curve25519_dalek::{RistrettoPoint, Scalar};
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

/// `"OPRFV1-" ‖ mode ‖ "-" ‖ suite` (RFC 9497 §3.1), with mode 0x01 for VOPRF.
macro_rules! context {
    ($prefix:literal) => {
        concat!($prefix, "OPRFV1-\x01-ristretto255-SHA512").as_bytes()
    };
}

/// `HashToGroup`: the point that a subject stands for. Nobody knows its discrete logarithm.
pub(crate) fn hash_to_group(input: &[u8]) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&expand(&[input], context!("HashToGroup-")))
}

/// `HashToScalar` over the parts one after another.
pub(crate) fn hash_to_scalar(parts: &[&[u8]]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&expand(parts, context!("HashToScalar-")))
}

/// The seed from which the weights of a batch are drawn (RFC 9497 §2.2.1, `ComputeComposites`).
pub(crate) fn batch_seed(public_key: &[u8; 32]) -> [u8; 64] {
    let label = context!("Seed-");
    Sha512::new()
        .chain_update(length(public_key))
        .chain_update(public_key)
        .chain_update(length(label))
        .chain_update(label)
        .finalize()
        .into()
}

/// `I2OSP(len(bytes), 2)`, for the short fixed-size values of the proof.
pub(crate) fn length(bytes: &[u8]) -> [u8; 2] {
    (bytes.len() as u16).to_be_bytes()
}

fn expand(parts: &[&[u8]], label: &[u8]) -> Zeroizing<[u8; 64]> {
    let label_length = [label.len() as u8];
    let mut first = Sha512::new_with_prefix([0; SHA512_BLOCK]);
    for part in parts {
        first.update(part);
    }
    first.update([0, 64, 0]);
    first.update(label);
    first.update(label_length);
    let first: Zeroizing<[u8; 64]> = Zeroizing::new(first.finalize().into());
    Zeroizing::new(
        Sha512::new()
            .chain_update(first.as_slice())
            .chain_update([1])
            .chain_update(label)
            .chain_update(label_length)
            .finalize()
            .into(),
    )
}

const SHA512_BLOCK: usize = 128;
