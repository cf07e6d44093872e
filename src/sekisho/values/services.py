"""The usual names of /etc/services (IANA), which iptables takes for ports and prints without ``-n``."""

from __future__ import annotations

SERVICES: dict[str, int] = {
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "time": 37, "domain": 53,
    "bootps": 67, "bootpc": 68, "tftp": 69, "http": 80, "www": 80, "kerberos": 88, "pop3": 110,
    "sunrpc": 111, "auth": 113, "nntp": 119, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138,
    "netbios-ssn": 139, "imap2": 143, "imap": 143, "snmp": 161, "snmp-trap": 162, "bgp": 179,
    "ldap": 389, "https": 443, "microsoft-ds": 445, "submissions": 465, "isakmp": 500,
    "syslog": 514, "submission": 587, "ipp": 631, "ldaps": 636, "rsync": 873, "ftps": 990,
    "imaps": 993, "pop3s": 995, "socks": 1080, "openvpn": 1194, "ms-sql-s": 1433, "radius": 1812,
    "nfs": 2049, "mysql": 3306, "ms-wbt-server": 3389, "svn": 3690, "iscsi-target": 3260,
    "ipsec-nat-t": 4500, "sip": 5060, "sip-tls": 5061, "xmpp-client": 5222, "mdns": 5353,
    "postgresql": 5432, "amqp": 5672, "x11": 6000, "redis": 6379, "ircd": 6667, "http-alt": 8080,
    "zabbix-agent": 10050, "zabbix-trapper": 10051, "webmin": 10000, "git": 9418,
}  # fmt: skip
