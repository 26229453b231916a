use serde::{Deserialize, Serialize};

/// Whether the anchor authorises trust lines to an asset whose issuer wants them authorised (AUTH_REQUIRED).
///
/// Only those that nobody has decided about yet: a trust line that was revoked stays so until a person authorises it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum Authorization {
    /// Somebody else does: deposits wait for it, in sight.
    #[default]
    Never,
    /// Each that a deposit is to be paid to.
    Always,
    /// Each that the [`TrustIntegration`](crate::integration::TrustIntegration) agrees to.
    #[cfg_attr(feature = "cli", value(help = "Each that your program agrees to"))]
    Ask,
}
