//! Builds anew when a migration was added: the compiler does not see that they are embedded.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
