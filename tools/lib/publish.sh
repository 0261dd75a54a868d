# shellcheck shell=bash
# Publishes a package as a separate repository. Sourced by tools/release, ci/consumers and ci/api-check, after setup.sh.
#
# The repository of a package is the history of its folder, made by `git subtree split`. If the package has path
# dependencies, a commit on top turns them into versioned dependencies at BASE. The previous commit of this kind is its
# second parent, so the branch of the repository only moves forward. A generated commit has the dates and the names of
# the commit before it, so repeating the process gives the same commits.

# shellcheck disable=SC2154 # setup.sh sets root

# version_at COMMIT PACKAGE: the contents of its VERSION file.
version_at() { git -C "$root" show "$1:Packages/$2/VERSION"; }

# siblings_at COMMIT PACKAGE: the packages it depends on by path, one name a line.
siblings_at() { git -C "$root" show "$1:Packages/$2/Package.swift" | path_dependencies_in; }

# split COMMIT PACKAGE BASE [VERSIONS_FROM [PREVIOUS]]: prints the commit that its repository gets. The versions of its
# siblings are those in VERSIONS_FROM, which is COMMIT unless given. PREVIOUS is what the repository has.
split() {
  local commit=$1 package=$2 base=$3 versions=${4:-$1} previous=${5-} folder manifest tree sibling
  folder=$(git -C "$root" subtree split -q --prefix="Packages/$package" "$commit")
  manifest=$(git -C "$root" show "$folder:Package.swift"; printf .)
  for sibling in $(siblings_at "$commit" "$package"); do
    manifest=${manifest//".package(path: \"../$sibling\")"/".package(url: \"$base/$sibling.git\", $(requirement "$(version_at "$versions" "$sibling")"))"}
  done
  case $manifest in *'.package(path:'*) die 1 "Packages/$package/Package.swift names a path that is no sibling" ;; esac
  tree=$(printf '%s' "${manifest%.}" | tree_with "$folder" Package.swift)
  if [ -n "$previous" ] && git -C "$root" merge-base --is-ancestor "$previous" "$folder"; then previous=; fi
  if [ -z "$previous" ] && [ "$tree" = "$(git -C "$root" rev-parse "$folder^{tree}")" ]; then
    printf '%s\n' "$folder"
  else
    commit_after "$folder" "$tree" "$package: depend on released versions" "$previous"
  fi
}

# requirement VERSION: how a manifest asks for it and what comes after, up to what may break the API.
requirement() {
  case $1 in
    0.*) printf '.upToNextMinor(from: "%s")' "$1" ;;
    *) printf 'from: "%s"' "$1" ;;
  esac
}

# tree_with COMMIT PATH: prints the tree of a commit, or a tree, with standard input as the file at PATH.
tree_with() {
  local blob index
  blob=$(git -C "$root" hash-object -w --stdin)
  index=$(mktemp -u)
  GIT_INDEX_FILE=$index git -C "$root" read-tree "$1"
  GIT_INDEX_FILE=$index git -C "$root" update-index --cacheinfo "100644,$blob,$2"
  GIT_INDEX_FILE=$index git -C "$root" write-tree
  rm -f "$index"
}

# commit_after PARENT TREE MESSAGE [SECOND-PARENT]: prints a new commit with the names and dates of its parent.
commit_after() {
  local name email date
  { read -r name && read -r email && read -r date; } < <(git -C "$root" show -s --format='%cn%n%ce%n%cD' "$1")
  GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE=$date \
    GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email GIT_COMMITTER_DATE=$date \
    git -C "$root" commit-tree "$2" -p "$1" ${4:+-p "$4"} -m "$3"
}

# tag_as TAG COMMIT: makes an annotated tag with the name and date of its commit; prints the tag object.
tag_as() {
  local tagger
  tagger=$(git -C "$root" show -s --format='%cn <%ce> %ct +0000' "$2")
  printf 'object %s\ntype commit\ntag %s\ntagger %s\n\n%s\n' "$(git -C "$root" rev-parse "$2^{commit}")" "$1" "$tagger" "$1" |
    git -C "$root" mktag
}

# publish COMMIT PACKAGE BASE VERSION: brings a split into the package's repository, as its main branch and a tag.
publish() {
  local repository=$3/$2.git
  case $3 in
    file://*) [ -d "${repository#file://}" ] || git init -q --bare -b main "${repository#file://}" ;;
  esac
  git -C "$root" push -q --atomic "$repository" "$1:refs/heads/main" "$(tag_as "$4" "$1"):refs/tags/$4"
}

# published PACKAGE BASE VERSION: brings the commit of a released version here; prints it. Nothing if there is none.
published() {
  [ -n "$3" ] && is_published "$@" || return 0
  git -C "$root" fetch -q --no-tags "$2/$1.git" "refs/tags/$3"
  git -C "$root" rev-parse 'FETCH_HEAD^{commit}'
}

# is_published PACKAGE BASE VERSION
is_published() { [ -n "$(git ls-remote --tags "$2/$1.git" "refs/tags/$3" 2>/dev/null)" ]; }

# last_release PACKAGE: the version of its newest tag; nothing without one.
last_release() { git -C "$root" tag --list "$1-*" | sed -nE "s/^$1-([0-9]+\.[0-9]+\.[0-9]+)\$/\1/p" | sort -V | tail -n 1; }

# is_newer VERSION THAN
is_newer() { [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]; }

# allows_breaks VERSION SINCE: a new major version, or a new minor one as long as the major one is 0.
allows_breaks() {
  [ "${1%%.*}" != "${2%%.*}" ] || { [ "${1%%.*}" = 0 ] && [ "${1%.*}" != "${2%.*}" ]; }
}

# api_breaks PACKAGE COMMIT SINCE: prints what of the API at SINCE is broken at COMMIT; nothing if all is well. Both
# are built against the siblings at COMMIT.
api_breaks() {
  local package=$1 commit=$2 since=$3 work name report status=0
  work=$(mktemp -d)
  for name in $(with_dependencies "$package"); do
    publish "$(split "$commit" "$name" "file://$work/base")" "$name" "file://$work/base" "$(version_at "$commit" "$name")"
  done
  git -C "$root" push -q "file://$work/base/$package.git" \
    "$(split "$since" "$package" "file://$work/base" "$commit"):refs/heads/baseline"
  git clone -q "file://$work/base/$package.git" "$work/$package"
  report=$(cd "$work/$package" && swift package diagnose-api-breaking-changes origin/baseline 2>&1 </dev/null) || status=$?
  rm -rf "$work"
  [ "$status" -eq 0 ] && return 0
  grep -E 'API breakage:' <<<"$report" | sort -u || die 1 "$package: the API could not be compared: $report"
}
