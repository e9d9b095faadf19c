mod crate_voprf;
mod refusals;
mod rfc9497;

use sha2::{Digest, Sha512};

use crate::Element;

/// RFC 9497 `Finalize`, which we leave out: with it our elements can be compared with published outputs.
fn finalize(input: &[u8], element: &Element) -> Vec<u8> {
    let (input_length, element_length) = ((input.len() as u16).to_be_bytes(), 32u16.to_be_bytes());
    let parts: [&[u8]; 5] = [&input_length, input, &element_length, &element.to_bytes(), b"Finalize"];
    Sha512::digest(parts.concat()).to_vec()
}
