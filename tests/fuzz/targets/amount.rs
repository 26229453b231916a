//! Amounts: whatever is read is written again as the same number, and arithmetic is checked.
#![no_main]

use anchor_core::amount::{Amount, StellarAmount};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str, &str)| {
    let (scale, one, other) = input;
    let scale = scale % 20;
    if let Ok(amount) = Amount::parse(one, scale) {
        let again = Amount::parse(&amount.to_string(), scale);
        assert_eq!(again.map(Amount::minor), Ok(amount.minor()));
        if let Ok(other) = Amount::parse(other, scale)
            && let Some(sum) = amount.checked_add(other)
        {
            assert_eq!(sum.checked_sub(other), Some(amount));
        }
    }
    if let Ok(amount) = one.parse::<StellarAmount>() {
        assert_eq!(amount.to_string().parse::<StellarAmount>(), Ok(amount));
    }
});
