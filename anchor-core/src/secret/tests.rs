use super::*;

#[derive(Debug, Clone)]
struct Holder {
    #[expect(dead_code, reason = "only its Debug matters")]
    password: Secret<String>,
}

#[test]
fn secrets_print_as_redacted_everywhere() {
    let secret: Secret<String> = "hunter2".parse().expect("infallible");
    let holder = Holder { password: secret.clone() };
    for text in [format!("{secret}"), format!("{secret:?}"), format!("{secret:#?}")] {
        assert_eq!(text, "[redacted]");
    }
    assert_eq!(format!("{holder:?}"), "Holder { password: [redacted] }");
    assert_eq!(format!("{:?}", Secret::new([0xab_u8; 32])), "[redacted]");
    assert_eq!(secret.expose(), "hunter2");
}

#[test]
fn secrets_are_wiped_when_dropped() {
    use std::sync::atomic::{AtomicBool, Ordering};

    static WIPED: AtomicBool = AtomicBool::new(false);
    struct Probe;
    impl Zeroize for Probe {
        fn zeroize(&mut self) {
            WIPED.store(true, Ordering::SeqCst);
        }
    }

    let secret = Secret::new(Probe);
    assert!(!WIPED.load(Ordering::SeqCst));
    drop(secret);
    assert!(WIPED.load(Ordering::SeqCst));
}
