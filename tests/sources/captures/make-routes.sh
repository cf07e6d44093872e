#!/bin/sh
# Makes the ip-*.txt and ip-*.json files of this folder on a real kernel, in a network namespace of its
# own:   unshare -n sh make-routes.sh FOLDER     (root, iproute2 6.1, bridge, busybox)
# Commands that a kernel lacks the module for are named on standard error and left out.
set -u
other=sekisho-capture-$$
cd "$1" || exit 2
try() { "$@" || echo "not here: $*" >&2; }

ip link set lo up
ip link add v0 address 02:00:00:00:00:10 type veth peer name v1 address 02:00:00:00:00:11
ip link add v2 address 02:00:00:00:00:12 type veth peer name v3 address 02:00:00:00:00:13
ip link add name br0 address 02:00:00:00:00:20 type bridge
ip link add name br1 address 02:00:00:00:00:21 type bridge stp_state 1
ip link set v3 master br0
ip link set v3 type bridge_slave hairpin on isolated on
for i in v0 v1 v2 v3 br0 br1; do ip link set $i up; done
ip addr add 10.0.0.10/16 brd + dev v0
ip addr add 10.0.0.11/16 brd + dev v0 label v0:1
ip addr add 10.9.0.1 peer 10.9.0.2/32 dev v0
ip addr add 10.8.0.1/24 metric 100 dev v0 valid_lft 4000 preferred_lft 3000
ip addr add 10.7.0.1/24 dev v0 noprefixroute scope link
ip addr add 172.18.0.1/16 brd 172.18.255.255 dev br1
ip addr add 172.19.0.1/16 brd 172.19.255.255 dev br0
ip -6 addr add 2001:db8::10/64 dev v0 nodad
ip -6 addr add 2001:db8:1::10/64 dev v0 mngtmpaddr noprefixroute
ip -6 addr add 2001:db8:2::10/64 dev v0 preferred_lft 0 nodad
ip -6 addr add 2001:db8:3::10 peer 2001:db8:3::11/128 dev v0 nodad home
sleep 3

r() { try ip route add "$@"; }
r default via 10.0.0.1 dev v0 proto dhcp src 10.0.0.10 metric 100
r default dev v2 scope link metric 2000
r 10.0.0.2 via 10.0.0.1 dev v0 proto dhcp src 10.0.0.10 metric 100
r 0.0.0.0/1 via 10.0.0.1
r 10.100.0.0/16 via 10.0.0.3 dev v0 proto static mtu lock 1400 advmss 1360 window 64000
r 10.101.0.0/16 via 10.0.0.3 rtt 100ms rttvar 50ms initcwnd 20 initrwnd 30 ssthresh 12 reordering 5 hoplimit 9
r 10.102.0.0/16 via 10.0.0.3 congctl cubic quickack 1 features ecn rto_min 20ms cwnd 12
r 10.103.0.0/16 via 10.0.0.3 realm 5/6
r 10.104.0.0/16 via 10.0.0.3 realm 7
r 10.105.0.0/16 tos 0x10 via 10.0.0.3
r 10.105.0.0/16 tos 0x20 via 10.0.0.3
r 10.105.0.0/16 tos 0x04 via 10.0.0.3
r 10.106.0.0/16 via 192.0.2.9 dev v2 onlink
r 10.107.0.0/16 via inet6 fe80::99 dev v0
r 10.108.0.0/16 proto bird metric 7 nexthop via 10.0.0.4 dev v0 weight 1 nexthop via 192.0.2.5 dev v2 weight 20 onlink
r 10.109.0.0/16 nexthop via inet6 fe80::9 dev v0 weight 2 nexthop dev v2 weight 3
r 10.110.0.0/16 via 10.0.0.3 proto 77 scope 88 metric 4000000000
r 10.111.0.0/16 dev v2 proto babel scope site
r 10.112.0.0/16 nexthop via 10.0.0.4 dev v0 realm 3/4 nexthop via 10.0.0.5 dev v0
r 10.113.0.0/16 via 10.0.0.3 fastopen_no_cookie 1
r 10.114.0.0/16 dev v2 ttl-propagate enabled
r blackhole 10.120.0.0/16
r unreachable 10.121.0.0/16 metric 3
r prohibit 10.122.0.0/16 proto static
r throw 10.123.0.0/16 table 100
r default via 10.0.0.1 dev v0 table 100
r 10.124.0.0/16 via 10.0.0.1 table 10001 metric 5
r broadcast 10.125.0.0 dev v0
r local 10.126.0.0/16 dev lo
r multicast 239.1.0.0/16 dev v0
r anycast 10.127.0.1 dev v0
r nat 10.128.0.0/16 via 10.0.0.1
r 10.130.0.0/16 encap ip id 100 src 10.0.0.1 dst 10.0.0.2 ttl 64 dev v0
r 10.131.0.0/16 encap mpls 100/200 via 10.0.0.1 dev v0
r 10.132.0.0/16 encap seg6 mode encap segs fc00::1,fc00::2 dev v0
try ip nexthop add id 10 via 10.0.0.6 dev v0
try ip nexthop add id 11 via 10.0.0.7 dev v0
try ip nexthop add id 12 group 10/11,3
try ip nexthop add id 13 blackhole
r 10.140.0.0/16 nhid 10 proto static
r 10.141.0.0/16 nhid 12
r 10.142.0.0/16 nhid 13
r6() { try ip -6 route add "$@"; }
r6 default via fe80::1 dev v0 proto ra metric 1024 expires 1800 pref high
r6 default dev v2 metric 2048 pref low
r6 2001:db8:100::/48 via 2001:db8::1 mtu 1300 hoplimit 12
r6 2001:db8:101::/48 nexthop via 2001:db8::1 dev v0 weight 1 nexthop via fe80::2 dev v2 weight 5
r6 blackhole 2001:db8:102::/48
r6 unreachable 2001:db8:103::/48 metric 77
r6 prohibit 2001:db8:104::/48
r6 throw 2001:db8:105::/48 table 100
r6 2001:db8:106::/48 from 2001:db8:107::/48 via 2001:db8::1
r6 2001:db8:108::/48 via 2001:db8::1 src 2001:db8::10 proto static
r6 2001:db8:109::/48 dev v0 table 1234
r6 local 2001:db8:10a::/48 dev lo
r6 2001:db8:10b::/48 encap ip6 id 1 dst fc00::9 dev v0
r6 2001:db8:10c::/48 encap seg6local action End dev v0
r6 unreachable default metric 4294967295

ip route > ip-route.txt
ip -d route > ip-d-route.txt
ip -o route > ip-o-route.txt
ip -j route > ip-route-main.json
ip -6 route > ip6-route.txt
ip -j -6 route > ip6-route.json
ip route show table all > ip-route-table-all.txt
ip -j route show table all > ip-route-table-all.json
ip -j -d route show table all > ip-d-route-table-all.json
ip -d route show table all > ip-d-route-table-all.txt
ip route show table 100 > ip-route-table-100.txt
ip route show dev v0 > ip-route-dev-v0.txt
{ ip route get 10.0.5.5; ip route get 127.0.0.1; ip route get 10.100.0.1; ip route get 10.99.0.1 from 10.0.0.10 mark 0x1
  ip route get 10.0.255.255; ip -6 route get 2001:db8::77; ip route get fibmatch 10.0.5.5; } > ip-route-get.txt
ip link set v1 down
ip route > ip-route-linkdown.txt
ip -j route > ip-route-linkdown.json
ip -6 route > ip6-route-linkdown.txt
ip link set v1 up
busybox ip route > busybox-ip-route.txt
busybox ip -6 route > busybox-ip6-route.txt
busybox ip addr > busybox-ip-addr.txt
busybox ip link > busybox-ip-link.txt
busybox ip rule > busybox-ip-rule.txt
busybox route -n > busybox-route-n.txt
busybox netstat -rn > busybox-netstat-rn.txt
try busybox route -n -A inet6 > busybox-route-n6.txt
command -v route > /dev/null && { route -n > route-n.txt; netstat -rn > netstat-rn.txt; route -6 -n > route-n6.txt; }

p() { try ip rule add "$@"; }
p pref 10 from 10.0.0.139 lookup 10001
p pref 11 not from 10.0.0.0/8 to 10.2.0.0/16 table 100
p pref 12 tos 0x10 table 100
p pref 13 fwmark 0x1/0xff lookup main
p pref 14 fwmark 0x10 table 200
p pref 15 iif v0 oif v2 table 100
p pref 16 iif gone0 table 100
p pref 17 ipproto tcp sport 1000-2000 dport 443 table 100
p pref 18 ipproto 99 table 100
p pref 19 uidrange 0-1000 table 100
p pref 20 l3mdev
p pref 21 lookup main suppress_prefixlength 0
p pref 22 lookup main suppress_ifgroup 5
p pref 23 goto 100
p pref 24 blackhole from 10.66.0.0/16
p pref 25 unreachable to 10.67.0.0/16
p pref 26 prohibit iif v2
p pref 27 nop
p pref 28 from 10.68.0.0/16 realms 3/4 table 100
p pref 29 from 10.69.0.0/16 protocol static table 100
p pref 30 goto 12345
p pref 31 tun_id 5 table 100
p pref 100 from 10.70.0.0/16 fwmark 0x5 table local
p pref 101 not fwmark 0xca6c table 51820
p pref 102 ipproto udp dport 53-54 lookup default
p pref 103 from all to 10.71.0.1 dsfield 0x08 table 4000000000
ip -6 rule add pref 50 from 2001:db8::/32 lookup 100
ip -6 rule add pref 51 to 2001:db8:5::5 ipproto ipv6-icmp prohibit
ip rule > ip-rule.txt
ip -d rule > ip-d-rule.txt
ip -j rule > ip-rule.json
ip -6 rule > ip6-rule.txt
ip -j -6 rule > ip6-rule.json

ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:99 dev v0 nud permanent
ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:98 dev v0 nud reachable
ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:97 dev v0 nud stale
ip neigh add 10.0.0.4 lladdr 02:00:00:00:00:96 dev v0 nud noarp
ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:95 dev v0 nud delay
ip neigh add 10.0.0.6 dev v0 nud failed
ip neigh add 10.0.0.7 dev v0 nud incomplete
ip neigh add proxy 10.0.0.8 dev v0
ip neigh add 2001:db8::1 lladdr 02:00:00:00:00:94 router dev v0 nud reachable proto static
ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:93 dev v0 extern_learn
ip neigh add 10.0.0.12 dev v0 managed
ip neigh > ip-neigh.txt
ip -j neigh > ip-neigh.json
ip -s neigh > ip-s-neigh.txt
ip -j -s neigh > ip-s-neigh.json
ip neigh show proxy > ip-neigh-proxy.txt
ip -j neigh show proxy > ip-neigh-proxy.json
ip neigh show dev v0 > ip-neigh-dev-v0.txt
ip neigh show nud all > ip-neigh-all.txt
ip -j neigh show nud all > ip-neigh-all.json

l() { try ip link add "$@"; }
ip netns add $other && ip link add x0 address 02:00:00:00:00:30 type veth peer name x1 netns $other
l link v2 name v2.5 type vlan id 5
l link v2 name q8 type vlan protocol 802.1ad id 8 reorder_hdr off
l link v2 name mv0 type macvlan mode bridge
l link v2 name iv0 type ipvlan mode l3
l vx0 type vxlan id 42 remote 10.0.0.99 dstport 4789 dev v0 local 10.0.0.10
l dummy0 type dummy
l vrf0 type vrf table 10
l bond0 type bond mode active-backup
l gre1 type gre local 10.0.0.10 remote 10.0.0.99 ttl 64
l ipip1 type ipip local 10.0.0.10 remote 10.0.0.99
l sit1 type sit local 10.0.0.10 remote 10.0.0.99
l wg0 type wireguard
l ifb0 type ifb
l nlmon0 type nlmon
l gnv0 type geneve id 7 remote 10.0.0.99
l macvtap0 link v2 type macvtap
try ip tuntap add dev tun0 mode tun user nobody
try ip tuntap add dev tap0 mode tap
ip link set v2 alias 'to the second bridge'
ip link property add dev v2 altname second altname enp0s2
ip link set v0 group 7
ip link set v0 promisc on
ip link > ip-link.txt
ip -d link > ip-d-link.txt
ip -j -d link > ip-d-link.json
ip -j link > ip-link.json
ip -s link > ip-s-link.txt
ip addr > ip-addr.txt
ip -d addr > ip-d-addr.txt
ip -j addr > ip-addr.json
ip -j -d addr > ip-d-addr.json
ip -o addr > ip-o-addr.txt
ip -o -d link > ip-o-d-link.txt
bridge -j -d link > bridge-d-link.json
bridge fdb add 02:00:00:00:00:aa dev v3 master static
bridge -j fdb > bridge-fdb.json
ip netns del $other
