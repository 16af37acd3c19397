//! How the shared library is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // On some targets ring's functions would be exported, too.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
        // A thread that looks up a name may outlive its call, and so the last session: dlclose()
        // leaves the code where it is.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
