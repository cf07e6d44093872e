#!/bin/sh
# Takes a snapshot of this host's network and writes it to standard output as one tar:
#
#     sudo sh snapshot.sh >snapshot.tar
#
# It only reads. It works with what is installed: iproute2 or busybox, iptables of either back end,
# nft, ipset, conntrack, ss, bridge, tc, wg (no keys), ipvsadm, sysctl, docker or podman. What it could
# not read is listed in the snapshot's capture-notes.txt as "FILE: command: reason", and on standard
# error at the end; capture-manifest.txt has "STATUS BYTES LINES FILE: command" of all that was asked. The
# only thing it writes is a folder under $TMPDIR, which it removes.
set -u
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
umask 077

if [ -t 1 ]; then
    echo "The snapshot is a tar archive: send it to a file, as in: sudo sh $0 >snapshot.tar" >&2
    exit 2
fi
command -v tar >/dev/null || { echo "tar is needed and not installed" >&2; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
top=$work/snapshot
mkdir "$top" || exit 1
enter=      # what stands before a command to run it in another network namespace
within=     # that namespace's folder in the snapshot; empty for the host's own

note() { # FILE COMMAND [REASON]: without REASON, the last error
    echo "$within$1: $2: ${3:-$(head -n 1 "$work/errors")}" >>"$top/capture-notes.txt"
}

try() { # FILE COMMAND...: the command's output as FILE; false and no file when it fails
    file=$top/$within$1
    shift
    # shellcheck disable=SC2086 # $enter is several words or none
    $enter "$@" >"$file" 2>"$work/errors" </dev/null
    status=$?
    if command -v wc >/dev/null; then
        size="$(($(wc -c <"$file"))) $(($(wc -l <"$file")))"
        asked=$(echo "$*" | tr -s '\n ' ' ')
        printf '%s %.70s\n' "$status $size ${file#"$top/"}:" "$asked" >>"$top/capture-manifest.txt"
    fi
    [ $status -ne 0 ] || return 0
    rm -f "$file"
    return 1
}

take() { # FILE COMMAND...: as try, with a note when it fails
    name=$1
    if ! command -v "$2" >/dev/null; then
        shift
        [ -n "$within" ] || note "$name" "$*" "not installed" # once is enough
    elif ! try "$@"; then
        shift
        note "$name" "$*"
    fi
}

tables() { # "" or 6: the rule sets. To list a legacy table would create it, to save it does not.
    case $("ip$1tables" -V 2>/dev/null) in
        *nf_tables*)
            take "ip$1tables-save.txt" "ip$1tables-save" -c
            try "ip$1tables-legacy-save.txt" "ip$1tables-legacy-save" -c ;;
        *)
            take "ip$1tables-legacy-save.txt" "ip$1tables-save" -c
            try "ip$1tables-save.txt" "ip$1tables-nft-save" -c ;;
    esac
}

# The heads that tail writes show files that are empty, too.
# shellcheck disable=SC2016 # the sh that runs it expands it
files='set --
for file in /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf \
    /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf /etc/sysctl.conf; do
    [ ! -e "$file" ] || set -- "$@" "$file"
done
[ $# -eq 0 ] || tail -vn +1 "$@"'
settings="if command -v sysctl >/dev/null; then sysctl -a; else grep -rs '' /proc/sys/net; fi"

# What has packets beside the tables: what prints nothing says that there is none.
# tc does not say again of which interface a filter is; of WireGuard the keys are left out.
# shellcheck disable=SC2016
filters='all=$(tc qdisc show) || exit
echo "$all"
echo "$all" | while read -r _ kind _ _ name _; do
    case $kind in clsact) ways="ingress egress" ;; ingress) ways=ingress ;; *) ways= ;; esac
    for way in $ways; do
        echo "tc filter show dev $name $way"
        tc filter show dev "$name" "$way" || exit
    done
done'
# shellcheck disable=SC2016
peers='all=$(wg show all dump) || exit
[ -z "$all" ] || echo "$all" | while read -r name _ _ third fourth rest; do
    if [ -z "$rest" ]; then
        printf "wg showconf %s\n[Interface]\nListenPort = %s\nFwMark = %s\n" "$name" "$third" "$fourth"
    else
        printf "[Peer]\nAllowedIPs = %s\nEndpoint = %s\n" "$fourth" "$third"
    fi
done'
services='[ ! -e /proc/net/ip_vs ] || ipvsadm -Sn 2>/dev/null || cat /proc/net/ip_vs'

beside() { # IPsec, tc, virtual services, WireGuard; busybox has neither ip xfrm nor filters
    if ip xfrm help 2>&1 | grep -q policy; then take xfrm.txt ip xfrm policy; fi
    if tc -V 2>&1 | grep -q iproute2; then take tc.txt sh -c "$filters"; fi
    take ipvs.txt sh -c "$services"
    if command -v wg >/dev/null; then take wireguard.txt sh -c "$peers"; fi
}

namespace() { # everything of the namespace that $enter enters
    take ip-route.txt ip route
    try ip-route.json ip -j route show table all || take ip-route.txt ip route show table all
    try ip6-route.json ip -6 -j route show table all || take ip6-route.txt ip -6 route show table all
    try ip-rule.json ip -j rule || take ip-rule.txt ip rule
    try ip6-rule.json ip -6 -j rule || take ip6-rule.txt ip -6 rule
    try ip-addr.json ip -j addr || take ip-addr.txt ip addr
    try ip-link.json ip -j -d link || try ip-link.txt ip -d link || take ip-link.txt ip link
    try ip-neigh.json ip -j neigh || take ip-neigh.txt ip neigh
    tables ''
    tables 6
    take nft-ruleset.txt nft list ruleset
    try nft-ruleset.json nft -j list ruleset
    take ipset-save.txt ipset save
    # A plain sh, because these take several commands. A key that cannot be read is just missing.
    try sysctl.txt sh -c "($settings) | grep -E '^(/proc/sys/)?net[./]'" || note sysctl.txt "sysctl -a"
    try ss.txt sh -c 'ss -H -n -l -t -u -p || ss -n -l -t -u -p' || note ss.txt ss
    try conntrack.txt sh -c 'conntrack -L && conntrack -L -f ipv6 || cat /proc/net/nf_conntrack' ||
        note conntrack.txt "conntrack -L"
    try bridge.json sh -c 'bridge -j -d link && bridge -j fdb' || note bridge.json "bridge -j link"
    beside
}

seen=" $(readlink /proc/self/ns/net) "
other() { # NAME NSENTER-OPTION...: another namespace, unless it is one that was read already
    within=netns/$1/
    shift
    enter="nsenter $*"
    if ! id=$($enter readlink /proc/self/ns/net 2>"$work/errors"); then
        note "" "$enter"
    else
        case $seen in
            *" $id "*) note "" "$enter" "the namespace is the host's or another one's that was read" ;;
            *) seen="$seen$id "; mkdir -p "$top/$within"; namespace ;;
        esac
    fi
    enter='' within=''
}

engine() { # docker or podman: networks, containers and the containers' namespaces
    take docker-version.json "$1" version --format '{{json .}}'
    networks=$("$1" network ls -q 2>"$work/errors") || { note docker-networks.json "$1 network ls"; return; }
    containers=$("$1" ps -q 2>/dev/null)
    # shellcheck disable=SC2086 # lists of ids
    take docker-networks.json "$1" network inspect $networks
    [ -n "$containers" ] || { echo '[]' >"$top/docker-containers.json"; return; }
    # shellcheck disable=SC2086
    take docker-containers.json "$1" inspect $containers
    for container in $containers; do
        pid=$("$1" inspect -f '{{.State.Pid}}' "$container" 2>/dev/null)
        name=$("$1" inspect -f '{{.Name}}' "$container" 2>/dev/null)
        other "${name#/}" -t "$pid" -n
    done
}

try sysctl-files.txt sh -c "$files"
echo "name = \"$(uname -n | tr -cd 'A-Za-z0-9._-')\"" >"$top/snapshot.toml"
namespace
if command -v docker >/dev/null; then
    engine docker
elif command -v podman >/dev/null; then
    engine podman
else
    note docker-networks.json docker "not installed"
fi
for file in /run/netns/*; do
    [ -e "$file" ] && other "${file##*/}" "-n$file"
done
failed=$(grep -v -e ': not installed$' -e 'that was read$' "$top/capture-notes.txt" 2>/dev/null)
if [ -n "$failed" ]; then
    echo "could not be read (without root many commands tell nothing: sudo sh $0):" >&2
    echo "$failed" >&2
fi
tar -C "$top" -cf - .
