# shellcheck shell=bash
# Shared by the scripts of this repository: paths, the toolchain, and the system packages.
#
# Sourced, never run. Works with the bash 3.2 of macOS. Prints only to standard error.
set -euo pipefail

# The repository, wherever the script was called from and by whatever link.
root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# One scratch path for all packages, so that they reuse each other's objects.
scratch=$root/.build
# With one scratch path, a build plan that is kept may be that of another package: make it anew each time.
# shellcheck disable=SC2034 # used by those that source this
plan_anew=--disable-build-manifest-caching

# The package manifests start with `// swift-tools-version: 6.2` or later.
swift_major=6
swift_minor=2

# Everything needed beyond Swift and git. In order: when (to run; only to test, to generate code, to benchmark, as a
# benchmark's peer, to check the budget; or for a package of this repository), the Debian package, how to find it
# elsewhere (a pkg-config module, or a command), its names in Homebrew and dnf, what for.
needs='run  ca-certificates    -                       -           ca-certificates        fetching dependencies over https
run  pkg-config         command:pkg-config      pkgconf     pkgconf-pkg-config     finding C libraries
GnetMetrics libprotobuf-c-dev library:libprotobuf-c protobuf-c protobuf-c-devel    GnetMetrics links it
GnetTLS libssl-dev      library:openssl         openssl@3   openssl-devel          GnetTLS links it
test netcat-openbsd     command:nc              netcat      netcat                 end-to-end tests
test socat              command:socat           socat       socat                  end-to-end tests
test openssl            command:openssl         openssl     openssl                end-to-end tests
certificate openssl     command:openssl         openssl     openssl                making certificates
test curl               command:curl            curl        curl                   end-to-end tests
test wrk                command:wrk             wrk         wrk                    end-to-end tests
test python3            command:python3         python3     python3                end-to-end tests
test redis-server       command:redis-server    redis       redis                  end-to-end tests
test redis-tools        command:redis-cli       redis       redis                  end-to-end tests
test python3-redis      -                       -           python3-redis          end-to-end tests
test haproxy            command:haproxy         haproxy     haproxy                end-to-end tests
test memcached          command:memcached       memcached   memcached              end-to-end tests
test python3-pymemcache -                       -           python3-pymemcache     end-to-end tests
test python3-h11        -                       -           python3-h11            end-to-end tests
test python3-websockets -                       -           python3-websockets     end-to-end tests
test nginx-light        command:nginx           nginx       nginx                  end-to-end tests
test protobuf-compiler  command:protoc          protobuf    protobuf-compiler      end-to-end tests
test python3-protobuf   -                       -           python3-protobuf       end-to-end tests
generate protobuf-c-compiler command:protoc-c   protobuf-c  protobuf-c-compiler    making C code of the schema
bench python3           command:python3         -           python3                running the benchmarks
bench strace            command:strace          -           strace                 counting system calls
peers libuv1-dev        library:libuv           -           libuv-devel            a peer in the benchmarks
peers libevent-dev      library:libevent_core   -           libevent-devel         a peer in the benchmarks
peers nginx-light       command:nginx           -           nginx                  a peer in the benchmarks
peers libnginx-mod-stream -                    -           nginx-mod-stream       a peer in the benchmarks
peers haproxy           command:haproxy         -           haproxy                a peer in the benchmarks
peers redis-server      command:redis-server    -           redis                  a peer in the benchmarks
budget python3          command:python3         -           python3                comparing counts with the budget
budget strace           command:strace          -           strace                 counting system calls
budget valgrind         command:valgrind        -           valgrind               counting instructions
budget binutils         command:strip           -           binutils               making programs readable for valgrind'

say() { printf '%s\n' "$*" >&2; }

# die STATUS MESSAGE: says why and ends the script.
die() {
  say "${0##*/}: $2"
  exit "$1"
}

# Prints the comment at the top of the script that is running.
usage() { sed -n '/^# shellcheck/d; 2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# The version of Swift, as `swift --version` tells it, is left in `swift_version`.
require_swift() {
  local wanted="Swift $swift_major.$swift_minor or later is needed" pattern='Swift version ([0-9]+)\.([0-9]+)'
  local advice='Install it from https://www.swift.org/install/ and put its usr/bin on the PATH.'
  swift_version=$(swift --version 2>/dev/null </dev/null) || swift_version=
  [[ $swift_version =~ $pattern ]] || die 1 "$wanted; none was found. $advice"
  if ((BASH_REMATCH[1] < swift_major || (BASH_REMATCH[1] == swift_major && BASH_REMATCH[2] < swift_minor))); then
    die 1 "$wanted; found ${BASH_REMATCH[1]}.${BASH_REMATCH[2]} ($(command -v swift)). $advice"
  fi
}

# require_packages run|test|generate|bench|peers|budget [PACKAGE...]: what is needed to run, and for that, of the named
# packages and their dependencies, or of all packages; installs the missing Debian packages; says on other systems what
# to install.
require_packages() {
  local missing stage=$1 wanted
  shift
  # shellcheck disable=SC2046 # one word per package
  [ $# -gt 0 ] || set -- $(packages)
  wanted="run $stage $(for name in "$@"; do with_dependencies "$name"; done | tr '\n' ' ')"
  missing=$(missing_packages "$wanted")
  [ -n "$missing" ] || return 0
  if is_debian; then
    mkdir -p "$scratch"
    # One at a time; the second finds nothing missing any more.
    exec 9>"$scratch/setup.lock"
    flock 9
    missing=$(missing_packages "$wanted")
    [ -z "$missing" ] || install_debian_packages "$missing" </dev/null
    exec 9>&-
  else
    say "${0##*/}: missing:"
    printf '%s\n' "$missing" | while read -r _ package _ brew dnf purpose; do
      say "  $package ($purpose): brew install $brew, or dnf install $dnf, or your system's equivalent"
    done
    exit 1
  fi
}

is_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# missing_packages WANTED: prints the lines of `needs` that apply, by one of the words, and are not satisfied.
missing_packages() {
  local stage package probe rest installed=
  # shellcheck disable=SC2046 # one word per package
  if is_debian; then
    installed=$(dpkg-query -W -f='${Package} ${Status}\n' $(awk '{ print $2 }' <<<"$needs") 2>/dev/null) || true
  fi
  while read -r stage package probe rest; do
    case " $1 " in *" $stage "*) ;; *) continue ;; esac
    if is_debian; then
      case $'\n'$installed$'\n' in *$'\n'"$package install ok installed"$'\n'*) continue ;; esac
    else
      case $probe in
        command:*) ! command -v "${probe#*:}" >/dev/null || continue ;;
        library:*) ! pkg-config --exists "${probe#*:}" 2>/dev/null || continue ;;
        *) continue ;;
      esac
    fi
    printf '%s\n' "$stage $package $probe $rest"
  done <<<"$needs"
}

install_debian_packages() {
  local names as_root='' package purpose
  names=$(awk '{ printf "%s%s", separator, $2; separator = " " }' <<<"$1")
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die 1 "missing: $names. Not root and no sudo here; run as root: apt-get update && apt-get install -y $names"
    as_root=sudo
  fi
  say "${0##*/}: installing Debian packages${as_root:+ (through sudo)}:"
  while read -r _ package _ _ _ purpose; do say "  $package ($purpose)"; done <<<"$1"
  compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || apt_get update || true
  # shellcheck disable=SC2086 # one word per package
  apt_get install -y --no-install-recommends $names ||
    { apt_get update && apt_get install -y --no-install-recommends $names; } ||
    die 1 "could not install: $names. Try as root: apt-get update && apt-get install -y $names"
}

apt_get() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >&2; }

# path_dependencies PACKAGE: the packages it depends on by path, one name a line.
path_dependencies() { path_dependencies_in <"$root/Packages/$1/Package.swift"; }

# The same of a manifest on standard input.
path_dependencies_in() {
  sed 's,^//.*,,; s,[[:space:]]//.*,,' | tr '\n' ' ' | { grep -o '\.package([^)]*path: *"[^"]*"' || true; } |
    sed 's/.*"\(.*\)"$/\1/; s,/*$,,; s,.*/,,'
}

# dependents PACKAGE...: these packages and all that depend on any of them, one name a line.
dependents() {
  local name
  for name in $(packages); do
    ! grep -qxF -f <(printf '%s\n' "$@") <<<"$(with_dependencies "$name")" || printf '%s\n' "$name"
  done
}

# with_dependencies PACKAGE: itself and all it depends on by path, one name a line.
with_dependencies() {
  local queue=$1 seen=' ' name
  while [ -n "$queue" ]; do
    name=${queue%%[[:space:]]*}
    queue=${queue#"$name"}
    queue=${queue#[[:space:]]}
    case $seen in *" $name "*) continue ;; esac
    [ -f "$root/Packages/$name/Package.swift" ] || continue
    seen="$seen$name "
    printf '%s\n' "$name"
    queue="$queue${queue:+ }$(path_dependencies "$name" | tr '\n' ' ')"
    queue=${queue%[[:space:]]}
  done
}

# All packages, dependencies first, one name a line.
packages() {
  local manifest name
  for manifest in "$root"/Packages/*/Package.swift; do
    [ -f "$manifest" ] || continue
    name=$(basename "$(dirname "$manifest")")
    printf '%s %s\n' "$name" "$name"
    path_dependencies "$name" | sed "s/\$/ $name/"
  done | tsort | while read -r name; do
    [ ! -f "$root/Packages/$name/Package.swift" ] || printf '%s\n' "$name"
  done
}

# main_file FOLDER: the file an executable starts in: main.swift, or the one that says @main. Fails for a library.
main_file() {
  if [ -f "$1/main.swift" ]; then
    printf '%s\n' "$1/main.swift"
  else
    grep -rlE --include='*.swift' '^[[:space:]]*@main([[:space:]]|$)' "$1" | sed -n 1p | grep .
  fi
}

# run_limited SECONDS COMMAND...: runs it with no standard input, and ends it and all it started when the time is up
# (status 124) or when this script is interrupted. A job of its own, so that nothing it starts outlives it.
run_limited() {
  local limit=$1 job watchdog status=0 started=$SECONDS
  shift
  set -m
  ("$@") </dev/null &
  job=$!
  (
    sleep "$limit"
    end_job "$job"
  ) </dev/null >/dev/null 2>&1 &
  watchdog=$!
  set +m
  # shellcheck disable=SC2064 # the job of now is meant
  trap "end_job $watchdog; end_job $job; exit 143" TERM HUP
  # shellcheck disable=SC2064
  trap "end_job $watchdog; end_job $job; exit 130" INT
  wait "$job" || status=$?
  if [ "$status" -gt 128 ] && [ $((SECONDS - started)) -ge "$limit" ]; then
    status=124 # and the watchdog sees to what is left
  else
    kill -TERM -- "-$watchdog" 2>/dev/null || true
  fi
  wait "$watchdog" 2>/dev/null || true
  trap - TERM HUP INT
  return "$status"
}

# end_job GROUP: asks the processes of a job to end, and makes them after ten seconds. `swift test` puts the test
# process in a group of its own, so descendants are looked for as well.
end_job() {
  local processes tries=0
  processes="-$1 $(descendants "$1")"
  # shellcheck disable=SC2086 # one word per process
  kill -TERM -- $processes 2>/dev/null || return 0
  # shellcheck disable=SC2086
  while kill -0 -- $processes 2>/dev/null && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  # shellcheck disable=SC2086
  kill -KILL -- $processes 2>/dev/null || true
}

# descendants PROCESS: its children and theirs, one a line.
descendants() {
  local child
  for child in $(
    if [ -d /proc/self/task ]; then
      cat "/proc/$1"/task/*/children 2>/dev/null
    else
      ps -A -o ppid= -o pid= | awk -v parent="$1" '$1 == parent { print $2 }'
    fi
  ); do
    printf '%s\n' "$child"
    descendants "$child"
  done
}
