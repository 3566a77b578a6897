//! What people get told when they scan or type the wrong thing.

use openwa_sandbox::phone::PhoneError;

use crate::harness::*;

#[tokio::test]
async fn codes_nobody_shows_are_refused() {
    let sandbox = sandbox().await;
    let anna = phone(&sandbox, "anna").await;
    for qr in ["", "nonsense", "2@abc,def,ghi,jkl"] {
        assert!(matches!(anna.scan(qr), Err(PhoneError::Link(_))), "{qr}");
    }
    assert!(matches!(anna.enter_pairing_code("ABCD1234"), Err(PhoneError::Link(_))));
    assert_eq!(anna.devices().len(), 1);
    assert!(matches!(anna.unlink(1), Err(PhoneError::Network(_))));
    assert!(matches!(anna.unlink(0), Err(PhoneError::Network(_))));
}
