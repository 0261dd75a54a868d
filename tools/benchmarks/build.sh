# shellcheck shell=bash
# Shared by tools/bench and ci/budget: builds the measured programs and the measuring programs.
#
# Sourced after tools/lib/setup.sh. Links to the programs are collected in .build-bench/bin.

# shellcheck disable=SC2154 # root, scratch and plan_anew are those of setup.sh
bench=$root/.build-bench
programs=$bench/bin
benchmarks=$root/tools/benchmarks

# build_swift PATH SCRATCH PRODUCT [NAME]: builds a product in release; the program is then called NAME.
build_swift() {
  local flags=(--package-path "$root/$1" --scratch-path "$2" "$plan_anew" -c release)
  say "${0##*/}: building $3 (release)"
  mkdir -p "$programs"
  rm -f "$programs/${4-$3}"
  run_limited 3600 swift build "${flags[@]}" --product "$3" >"$bench/build-$3.log" 2>&1 || {
    cat "$bench/build-$3.log" >&2
    say "${0##*/}: building $3 failed"
    return 1
  }
  ln -sf "$(swift build "${flags[@]}" --show-bin-path </dev/null)/$3" "$programs/${4-$3}"
}

# build_example NAME: an example, if there is one of that name; the program is called gnet-NAME.
build_example() {
  rm -f "$programs/gnet-$1"
  [ -d "$root/Packages/GnetExamples/Sources/$1" ] || return 0
  build_swift Packages/GnetExamples "$scratch" "$1" "gnet-$1"
}

# build_before REVISION NAME: an example as it was at a revision; the program is called before-NAME.
build_before() {
  local tree=$bench/before
  [ -d "$tree" ] || git clone --quiet --shared --no-checkout "$root" "$tree" || return 1
  git -C "$tree" fetch --quiet origin && git -C "$tree" checkout --quiet --detach "$1" || return 1
  build_swift "${tree#"$root/"}/Packages/GnetExamples" "$tree/.build" "$2" "before-$2"
}

build_load() { build_swift tools/benchmarks/gnet-load "$scratch" gnet-load; }

# build_gnet_program NAME, build_nio_program NAME: a program on Gnet that is no example, and a program on SwiftNIO.
build_gnet_program() { build_swift tools/benchmarks/gnet-programs "$scratch" "$1"; }
build_nio_program() { build_swift tools/benchmarks/nio-programs "$bench/nio-programs" "$1"; }

# The C compiler: the system's, or the one that comes with Swift.
c_compiler() {
  local clang
  clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
  command -v "${CC:-cc}" || { [ -x "$clang" ] && printf '%s\n' "$clang"; }
}

# build_c NAME [FLAG|FILE...]: a program in C and what the peers share.
build_c() {
  local name=$1 compiler
  shift
  rm -f "$programs/$name"
  mkdir -p "$programs"
  compiler=$(c_compiler) || { say "${0##*/}: $name needs a C compiler" && return 1; }
  "$compiler" -std=gnu17 -O2 -g -Wall -Wextra -Werror -pthread -o "$programs/$name" \
    "$benchmarks/peers/$name.c" "$benchmarks/peers/peer.c" "$@" >&2 </dev/null
}

# The bare loops, which nothing depends on.
build_bare() { build_c bare "$benchmarks/peers/bare-http.c" "$benchmarks/peers/bare-websocket.c"; }

# build_peer NAME MODULE: a peer in C on a library that pkg-config may find; nothing without it.
build_peer() {
  rm -f "$programs/$1"
  pkg-config --exists "$2" 2>/dev/null || return 0
  # shellcheck disable=SC2046 # one word per flag
  build_c "$1" $(pkg-config --cflags --libs "$2") || say "${0##*/}: $1 is left out"
}
