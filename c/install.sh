#!/bin/sh
# Builds the C library and installs it with its headers and its pkg-config file:
#     c/install.sh PREFIX [CARGO OPTIONS, such as --no-default-features --features native-tls]
set -eu
[ $# -gt 0 ] || { echo "usage: c/install.sh PREFIX [CARGO OPTIONS]" >&2; exit 2; }
mkdir -p "$1"
prefix=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")"
root=$(cd .. && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# Before 1.0 each minor version has its own ABI.
case $version in
0.*) abi=${version%.*} ;;
*) abi=${version%%.*} ;;
esac
target=${CARGO_TARGET_DIR:-$root/target}/install
needs=$target/native-static-libs
# Keeps the paths of this machine out of the installed files.
cargo=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$root=vipps --remap-path-prefix=$cargo=cargo"
export CFLAGS="${CFLAGS:-} -ffile-prefix-map=$cargo=cargo"
build() {
    crate_type=$1
    shift
    cargo rustc --locked --release --lib --target-dir "$target" --crate-type "$crate_type" "$@"
}
mkdir -p "$prefix/lib/pkgconfig" "$prefix/include" "$target"
case $(uname) in
Darwin)
    shared=libvipps.$abi.dylib link=libvipps.dylib built=libvipps_capi.dylib
    name="-Wl,-install_name,$prefix/lib/$shared" ;;
*)
    shared=libvipps.so.$version link=libvipps.so built=libvipps_capi.so
    name="-Wl,-soname,libvipps.so.$abi" ;;
esac
build cdylib "$@" -- -C "link-arg=$name"
build staticlib "$@" -- --print "native-static-libs=$needs"
install -m 755 "$target/release/$built" "$prefix/lib/$shared"
install -m 644 "$target/release/libvipps_capi.a" "$prefix/lib/libvipps.a"
install -m 644 include/vipps.h include/vipps.hpp "$prefix/include"
[ "$(uname)" = Darwin ] || ln -sf "$shared" "$prefix/lib/libvipps.so.$abi"
ln -sf "$shared" "$prefix/lib/$link"
cat >"$prefix/lib/pkgconfig/vipps.pc" <<END
prefix=$prefix
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: vipps
Description: A blocking client for the Vipps MobilePay APIs
Version: $version
Cflags: -I\${includedir}
Libs: -L\${libdir} -lvipps
Libs.private: $(cat "$needs")
END
