//! The signatures of hubs (WebSub §7.1, `X-Hub-Signature: sha256=…`).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// True if a body was signed with this secret. The comparison takes constant time.
pub(super) fn is_signed(body: &[u8], header: &str, secret: &str) -> bool {
    let Some((method, digits)) = header.trim().split_once('=') else { return false };
    let Some(signature) = decode_hex(digits.trim()) else { return false };
    match method.to_ascii_lowercase().as_str() {
        "sha1" => is_verified::<Hmac<Sha1>>(body, &signature, secret),
        "sha256" => is_verified::<Hmac<Sha256>>(body, &signature, secret),
        "sha384" => is_verified::<Hmac<Sha384>>(body, &signature, secret),
        "sha512" => is_verified::<Hmac<Sha512>>(body, &signature, secret),
        _ => false,
    }
}

fn is_verified<M: Mac + KeyInit>(body: &[u8], signature: &[u8], secret: &str) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

fn decode_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 §3 and RFC 4231 §4.3 (test case 2).
    #[test]
    fn only_the_signatures_of_the_rfcs_are_accepted() {
        let (body, secret) = (b"what do ya want for nothing?", "Jefe");
        for good in [
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "SHA256=5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
            "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ] {
            assert!(is_signed(body, good, secret), "{good}");
            assert!(!is_signed(b"what do ya want", good, secret) && !is_signed(body, good, "jefe"), "{good}");
        }
        for bad in [
            "",
            "sha256=",
            "sha256",
            "md5=750c783e6ab0b503eaa86e310a5db738",
            "sha1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384",
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38éé",
        ] {
            assert!(!is_signed(body, bad, secret), "{bad}");
        }
    }
}
