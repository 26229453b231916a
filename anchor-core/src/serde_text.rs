//! One way to write a value type in JSON: the string that `Display` prints and `FromStr` accepts.

/// Implements `Serialize` and `Deserialize` through `Display` and `FromStr`, so that a value read from a
/// file or a database is checked exactly like one read from a request.
macro_rules! serde_text {
    ($($name:ty),+ $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
