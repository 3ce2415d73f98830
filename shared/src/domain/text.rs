//! What people type.

/// Whether a reader would see nothing: white space as Unicode and ECMA-262 know it, so that `\S` in the API's description
/// says the same.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|char| char.is_whitespace() || char == '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_blank() {
        for blank in ["", " ", "\t\n", "\u{a0}\u{feff}\u{2003}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        assert!(!is_blank(" a "));
    }
}
