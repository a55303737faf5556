#!/bin/bash
# STANDS IN FOR rkt 1.30, which can be had no more: its authors archived it, and no package has it. Only what Mob's
# provider says to rkt is here, after rkt's manual pages and sources, with the stage1 fly: a pod is a folder that is
# renamed from state to state and locked while it runs, and run-prepared becomes the app, in a chroot of its own.
# It shows that the provider holds together, and nothing about rkt: where MOB_TEST_RKT is set, rkt itself is run.
set -eu
fail() { echo "$command: $*" >&2; exit 254; }
decoded() { printf '%b' "${1//%/\\x}"; }

dir=/var/lib/rkt command=rkt insecure=
while [[ ${1-} == --* ]]; do
  case $1 in
    --dir=*) dir=${1#*=} ;;
    --local-config=* | --system-config=*) [[ -d ${1#*=} ]] || fail "no folder ${1#*=}" ;;
    --insecure-options=*) insecure=,${1#*=}, ;;
    *) fail "unknown flag: $1" ;;
  esac
  shift
done
command=${1-} pods=$dir/pods cas=$dir/cas
shift

version() {
  printf '%s\n' 'rkt Version: 1.30.0-stand-in' 'appc Version: 0.8.11' 'Features: -TPM +SDJOURNAL'
}

fetch() {
  local image file
  for image; do :; done
  mkdir -p "$cas"
  file=$cas/fetched.$$
  case $image in
    /*) cp "$image" "$file" || fail "no image $image" ;;
    http:*) [[ $insecure == *,http,* ]] || fail 'http is not allowed' ;;&
    http*) busybox wget -q -O "$file" "$image" || fail "bad HTTP status code for $image" ;;
  esac
  [[ $insecure == *,image,* ]] || fail 'no signature'
  tar -tf "$file" manifest >/dev/null 2>&1 || { rm "$file"; fail "$image: missing image manifest"; }
  local hash
  hash=sha512-$(sha512sum <"$file" | cut -c1-64)
  mv "$file" "$cas/$hash"
  echo "$hash"
}

prepare() {
  local uuid pod image= name= exec= user=0 group=0 cwd=/ stage1= line=()
  local -A env=() volumes=() mounts=()
  while (($# > 0)); do
    case $1 in
      --quiet) ;;
      --stage1-path=*) stage1=${1#*=} ;;
      --set-env-file=*) while IFS= read -r one; do env[${one%%=*}]=${one#*=}; done <"${1#*=}" ;;
      --set-env=*) one=${1#*=} && env[${one%%=*}]=${one#*=} ;;
      --volume=*,kind=host,source=*,readOnly=*) one=${1#*=} && volumes[${one%%,*}]=${one#*,source=} ;;
      sha512-*) image=$1 ;;
      --name=*) [[ -n $image ]] || fail '--name must follow an image'; name=${1#*=} ;;
      --exec=*) exec=${1#*=} ;;
      --user=*) user=${1#*=} ;;
      --group=*) group=${1#*=} ;;
      --working-dir=*) cwd=${1#*=} ;;
      --mount=volume=*,target=*) one=${1#--mount=volume=} && mounts[${one%%,*}]=${one#*,target=} ;;
      --) shift && line=("$@") && break ;;
      *) fail "unknown flag: $1" ;;
    esac
    shift
  done
  [[ -f $stage1 ]] || fail "no stage1 image $stage1"
  [[ -f $cas/$image ]] || fail "no image $image"
  [[ -n $exec ]] || fail 'this stand-in reads no "exec" of a manifest'
  uuid=$(</proc/sys/kernel/random/uuid)
  pod=$pods/prepare/$uuid
  mkdir -p "$pod" "$pods"/{prepared,run}
  exec 9<"$pod" && flock -x 9
  tar -C "$pod" -xf "$cas/$image"
  echo "$name" >"$pod/name"
  {
    declare -p user group cwd
    for one in "${!volumes[@]}"; do
      [[ -v mounts[$one] ]] || fail "missing mount for volume \"$one\""
      printf 'bind %q %q %q\n' "$(decoded "${volumes[$one]%,readOnly=*}")" "$(decoded "${mounts[$one]}")" \
        "${volumes[$one]##*,readOnly=}"
    done
    printf 'env=('
    for one in "${!env[@]}"; do printf '%q ' "$one=${env[$one]}"; done
    printf ')\nwords=('
    printf '%q ' "$exec" "${line[@]}"
    printf ')\n'
  } >"$pod/app"
  mv "$pod" "$pods/prepared/$uuid"
  echo "$uuid"
}

bind() {
  mkdir -p "$pod/rootfs$2"
  mount --bind "$1" "$pod/rootfs$2"
  [[ $3 != true ]] || mount -o remount,bind,ro "$pod/rootfs$2"
}

run-prepared() {
  local pod=$pods/run/$2 one
  [[ -d $pods/prepared/$2 ]] || fail "pod \"$2\" is not prepared"
  exec 9<"$pods/prepared/$2" && flock -x 9
  mv "$pods/prepared/$2" "$pod"
  for one in dev proc sys; do mount --rbind "/$one" "$pod/rootfs/$one"; done
  mount -t tmpfs tmpfs "$pod/rootfs/tmp"
  . "$pod/app"
  local path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  [[ $cwd == / ]] || words=(/bin/sh -c 'cd "$0" && exec "$@"' "$cwd" "${words[@]}")
  exec env -i "PATH=$path" "${env[@]}" /usr/sbin/chroot --userspec="$user:$group" "$pod/rootfs" "${words[@]}"
}

stateOf() {
  if [[ -d $pods/prepared/$1 ]]; then echo prepared
  elif [[ -d $pods/prepare/$1 ]]; then flock -n -s "$pods/prepare/$1" true && echo 'aborted prepare' || echo preparing
  elif [[ -d $pods/run/$1 ]]; then flock -n -s "$pods/run/$1" true && echo exited || echo running
  fi
}

list() {
  local pod uuid state name names comma= all=
  for pod in "$pods"/*/*; do
    uuid=${pod##*/} state=$(stateOf "${pod##*/}")
    [[ -n $state ]] || continue
    names=
    if [[ $state != *prepar*e* || $state == prepared ]]; then
      # It may be run meanwhile, and is elsewhere then; or removed.
      name=$(cat "$pods"/{prepared,run}/"$uuid"/name 2>/dev/null || :)
      [[ -n $name ]] || continue
      names=",\"app_names\":[\"$name\"]"
    fi
    all+="$comma{\"name\":\"$uuid\",\"state\":\"$state\"$names}" comma=,
  done
  [[ -z $all ]] && echo null || echo "[$all]"
}

rm-pod() {
  case $(stateOf "$1") in
    '') fail "cannot get pod: no matches found for \"$1\"" ;;
    running) fail "pod \"$1\" is currently running" ;;
    preparing) fail "pod \"$1\" is currently being prepared" ;;
  esac
  rm -rf --one-file-system "$pods"/*/"$1"
  echo "\"$1\""
}

case $command in
  version | fetch | prepare | run-prepared | list) "$command" "$@" ;;
  rm) rm-pod "$1" ;;
  *) fail "unknown command" ;;
esac
