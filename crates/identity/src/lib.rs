//! Who acts: ID tokens of a partner's OpenID provider, and statements of the provider of representation.
#![forbid(unsafe_code)]
