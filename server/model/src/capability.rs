//! What an engine can do, as data: the API publishes it, the supervisor asks it first, tests check it.

use crate::ops::Op;

/// A set of operations.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct OpSet(u128);

impl OpSet {
    /// The set of these operations.
    pub const fn of(ops: &[Op]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < ops.len() {
            bits |= 1 << ops[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    /// Whether the operation is in the set.
    pub const fn has(self, op: Op) -> bool {
        self.0 & (1 << op as u8) != 0
    }
}

impl std::fmt::Debug for OpSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(Op::ALL.iter().filter(|it| self.has(**it))).finish()
    }
}

/// What one kind of engine can do.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// The operations.
    pub ops: OpSet,
    /// Whether it links by QR code.
    pub qr: bool,
    /// Whether it links by pairing code.
    pub pairing_code: bool,
    /// The largest file it sends, in bytes.
    pub max_media_bytes: u64,
}
