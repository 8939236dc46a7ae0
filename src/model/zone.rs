//! placeholder
/// A zone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zone;
