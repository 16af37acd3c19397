//! Linker options for the shared library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Keeps ring's functions from being exported on some targets.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
        // Keeps the code in memory after dlclose(): a thread that looks up a host name may outlive
        // its call.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
