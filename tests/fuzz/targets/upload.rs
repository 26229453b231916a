//! Files that customers send: what is kept of one is a file of the same kind, and stays as it is when it comes again.
#![no_main]

use anchor_core::customer::upload::inspect;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, rest) = input;
    let beginning: &[u8] = match kind % 5 {
        0 => &[0xff, 0xd8, 0xff],
        1 => b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        2 => b"%PDF-1.7\n",
        3 => b"\0\0\0\x18ftypmp42",
        _ => b"",
    };
    let content = [beginning, rest].concat();
    if let Ok(kept) = inspect(&content) {
        assert!(kept.content.len() <= content.len(), "nothing is added");
        assert_eq!(inspect(&kept.content), Ok(kept), "nothing is left to cut");
    }
});
