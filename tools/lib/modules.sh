# shellcheck shell=bash
# shellcheck disable=SC2154 # root and scratch are of setup.sh
# Finds the modules that SwiftPM has built into the scratch path, for direct calls of the compiler. Sourced after
# setup.sh.

# Leaves the options in `module_options`: for all that was built there in debug.
find_modules() {
  local map
  module_options=(-I "$scratch/debug/Modules" -module-cache-path "$scratch/docs-cache")
  for map in "$scratch"/debug/*.build/module.modulemap; do
    [ ! -f "$map" ] || module_options+=(-Xcc "-fmodule-map-file=$map")
  done
  for map in "$scratch"/checkouts/*/Sources/*/include/module.modulemap "$root"/Packages/*/Sources/*/module.modulemap; do
    [ ! -f "$map" ] || module_options+=(-I "${map%/*}")
  done
}
