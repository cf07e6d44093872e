"""Strings that would act somewhere: in a batch of ip's, in a shell, as a path, as an option, in a rule set.

``/canary`` is a folder of the sandbox (see ``sandbox``): ``victim`` must not change, nothing may appear, and
what ``secret`` holds may not be told. Someone listens on 127.0.0.1:7777.
"""

from __future__ import annotations

FOLDER = "/canary"
SECRET = "SECRET-of-the-canary"
PORT = 7777

_DO = f"touch {FOLDER}/pwned"
_CALL = f"exec 3<>/dev/tcp/127.0.0.1/{PORT}"

HOSTILE: tuple[str, ...] = (
    # ip -batch: a line of its own
    f"eth0\nnetns add pwned\nnetns exec pwned {_DO}",
    f"eth0 noprefixroute\nnetns add p\nnetns exec p sh -c '{_DO}'\n",
    "10.0.0.1 dev eth0\nlink add pwned type bridge",
    "192.0.2.0/24 dev eth0\nlink set lo down",
    "eth0\r\nlink del eth0",
    "eth0;netns exec pwned id",
    f"-batch {FOLDER}/secret",
    f"-b{FOLDER}/secret",
    "eth0 netns 1",
    "eth0\\\nnetns add pwned",
    # shells
    f"$({_DO})",
    f"`{_DO}`",
    f"; {_DO} #",
    f"| {_DO}",
    f"&& {_DO} &",
    f"\n{_DO}\n",
    f"'; {_DO}; '",
    f'"; {_DO}; "',
    f"' $({_DO}) \"",
    f"EOF\n{_DO}\ncat <<'EOF'",
    f"END\n{_DO}\n",
    f"RULES\n{_DO}\n",
    f"$(bash -c '{_CALL}')",
    f"> {FOLDER}/victim",
    f"${{IFS}}{_DO}",
    f"${{HOME:-$({_DO})}}",
    "*",
    "~root",
    "!!",
    # paths
    f"../../../../../../../..{FOLDER}/victim",
    f"{FOLDER}/victim",
    f"{FOLDER}/secret",
    f"file://{FOLDER}/secret",
    f"@{FOLDER}/secret",
    "..",
    ".",
    "/",
    "/proc/self/environ",
    "/dev/zero",
    f"a/../../../../..{FOLDER}/pwned",
    # sysctls
    "net.ipv4.//.//.//.//.//.canary.victim",
    f"net/ipv4/../../../../..{FOLDER}/victim",
    "net.ipv4.conf...",
    "kernel.core_pattern",
    f"|{FOLDER}/pwned",
    # rule sets
    f'include "{FOLDER}/secret"',
    f'x"\ninclude "{FOLDER}/secret"\n#',
    f'x" accept\n}}\n}}\ninclude "{FOLDER}/secret"\ntable ip pwned {{\nchain c {{ comment "',
    "x\" ; flush ruleset ; add table ip pwned ; #",
    "x\nCOMMIT\n*nat\n-F\nCOMMIT\n*filter",
    "x\n-A INPUT -j ACCEPT",
    "x\" -j ACCEPT -m comment --comment \"y",
    "--modprobe=/canary/pwned",
    f"-A INPUT -m bpf --object-pinned {FOLDER}/secret -j ACCEPT",
    "x\nflush\ndestroy",
    f"x\" comment \"{FOLDER}",
    "@good } ; include \"/canary/secret\" ; {",
    # what readers of text stumble over
    "a=b",
    "\0",
    "eth0\0x",
    "a\u2028b\u2029c\x85d",
    "\u202eeth0\u2066",
    "\x1b]0;pwned\x07\x1b[2J",
    "x" * 16,
    "y" * 5000,
    "",
    " ",
    "-",
    "--help",
    "%s%n{0}{x}",
    "lo",
    "all",
    "default",
    "0",
    "-1",
    "99999999999999999999",
)  # fmt: skip
