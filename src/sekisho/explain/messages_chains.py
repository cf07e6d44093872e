"""Words for tables and chains: which hook they stand at, who writes them, what the policy does."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ built-in chains
    "chain.PREROUTING": (
        "Packets that have just arrived on an interface pass here, before the routing decision.",
        "インターフェースに届いた直後の、経路を決める前のパケットが通ります。",
    ),
    "chain.INPUT": (
        "Packets for this host itself pass here, after the routing decision.",
        "経路を決めた後、このホスト自身が受け取るパケットが通ります。",
    ),
    "chain.FORWARD": (
        "Packets that this host forwards (containers' traffic included) pass here, after the routing "
        "decision.",
        "このホストが転送するパケット (コンテナの通信を含む) が、経路を決めた後に通ります。",
    ),
    "chain.OUTPUT": (
        "Packets that programs on this host itself send pass here.",
        "このホスト自身のプログラムが送るパケットが通ります。",
    ),
    "chain.POSTROUTING": (
        "Packets that are about to leave by an interface pass here, forwarded and own ones alike.",
        "転送するものも自分が送るものも、インターフェースから出ていく直前のパケットが通ります。",
    ),
    "chain.nat.PREROUTING": (
        "Here the destination of arriving connections is rewritten, before the routing decision.",
        "届いたコネクションの宛先を、経路を決める前にここで書き換えます。",
    ),
    "chain.nat.OUTPUT": (
        "Here the destination of connections that programs on this host itself open is rewritten.",
        "このホスト自身のプログラムが開くコネクションの宛先を、ここで書き換えます。",
    ),
    "chain.nat.INPUT": (
        "Here the source of connections to this host itself can be rewritten.",
        "このホスト自身へのコネクションの送信元を、ここで書き換えられます。",
    ),
    "chain.nat.POSTROUTING": (
        "Here the source of connections is rewritten, just before they leave by an interface.",
        "コネクションの送信元を、インターフェースから出ていく直前にここで書き換えます。",
    ),
    "chain.builtin.other": (
        "{0} is a built-in chain of table {1}.",
        "{0}は、テーブル{1}の組み込みチェインです。",
    ),
    "chain.empty": ("It has no rules.", "ルールはありません。"),
    "chain.empty.partly": ("No rule of it was captured.", "ルールは一つも取得されていません。"),
    "chain.policy.ACCEPT": (
        "Packets about which no rule decides are accepted (policy ACCEPT).",
        "どのルールでも判定が決まらなかったパケットは許可します (ポリシーACCEPT)。",
    ),
    "chain.policy.DROP": (
        "Packets about which no rule decides are dropped (policy DROP).",
        "どのルールでも判定が決まらなかったパケットは破棄します (ポリシーDROP)。",
    ),
    "chain.policy.nat": (
        "Connections that no rule translates stay as they are (policy ACCEPT).",
        "どのルールでも書き換えられなかったコネクションは、そのまま通します (ポリシーACCEPT)。",
    ),
    "chain.policy.other": ("Its policy is {0}.", "ポリシーは{0}です。"),
    "chain.policy.not_shown": (
        "No line shows its policy: in a fresh table it is ACCEPT; iptables-nft-restore sets it so, "
        "iptables-legacy-restore leaves it as it was.",
        "ポリシーを示す行がありません。新しいテーブルではACCEPTです (iptables-nft-restoreはACCEPTに戻し、"
        "iptables-legacy-restoreは元のまま残します)。",
    ),
    "chain.policy.unknown": (
        "No line shows its policy, so it is not known.",
        "ポリシーを示す行がないため、ポリシーはわかりません。",
    ),
    "chain.policy.hits": (
        "{0} packets ({1} bytes) met the policy so far.",
        "これまでに{0}パケット ({1}バイト) がポリシーの判定を受けました。",
    ),
    "chain.policy.no_hits": (
        "No packet has met the policy so far.",
        "ポリシーの判定を受けたパケットは、まだありません。",
    ),
    # ------------------------------------------------------------------ user-defined chains
    "chain.user": (
        "{0} is a chain that is passed only when a rule jumps to it.",
        "{0}は、ほかのルールから呼び出されたときだけ通るチェインです。",
    ),
    "chain.role": ("{0}: {1}", "{0}: {1}。"),
    "chain.called": ("Called by {0}.", "呼び出し元: {0}。"),
    "chain.called.many": ("Called by {0} and {1} more.", "呼び出し元: {0}、ほか{1}件。"),
    "chain.uncalled": (
        "No captured rule calls it, so nothing in it takes effect.",
        "取得されたルールのどれからも呼び出されていないので、中のルールは働きません。",
    ),
    "chain.uncalled.partly": (
        "No captured rule calls it; one that was not captured may.",
        "取得されたルールの中に呼び出し元はありませんが、取得されていないルールから呼び出されているかもしれま"
        "せん。",
    ),
    "chain.references": (
        "The kernel counts {0} references, but {1} calls were captured.",
        "カーネルの数えた参照は{0}件ですが、取得された呼び出しは{1}件です。",
    ),
    # ------------------------------------------------------------------ tables and lines without facts
    "table.nat": (
        "Table nat: address translation. It is asked about the first packet of each connection only; "
        "later packets and replies are translated as the connection was.",
        "natテーブル: アドレス変換です。参照されるのは各コネクションの最初のパケットだけで、以降のパケッ"
        "トと応答には、そのコネクションの変換がそのまま使われます。",
    ),
    "table.filter": (
        "Table filter: decides what is let through.",
        "filterテーブル: 何を通すかを決めます。",
    ),
    "table.raw": (
        "Table raw: comes first, before connection tracking and NAT, so it sees packets as they arrived.",
        "rawテーブル: コネクション追跡やNATより前の最初に参照されるので、パケットを届いたままの姿で見ます。",
    ),
    "table.mangle": (
        "Table mangle: changes header fields and marks.",
        "mangleテーブル: ヘッダーの値やマークを変えます。",
    ),
    "table.security": (
        "Table security: labels for SELinux and the like, after filter.",
        "securityテーブル: SELinuxなどのラベルを扱います。filterの後に参照されます。",
    ),
    "table.other": ("Table {0}.", "テーブル{0}。"),
    "table.cut": (
        "The text of this table is cut off: there may be more rules than are listed.",
        "このテーブルのテキストは途中で切れています。載っていないルールがあるかもしれません。",
    ),
    "table.filtered": (
        "Only some lines of this table were captured: there may be more rules than are listed.",
        "このテーブルは一部の行しか取得されていません。載っていないルールがあるかもしれません。",
    ),
    "table.selected": (
        "Only a part of this table was captured: what its other chains hold is not known.",
        "このテーブルは一部のチェインしか取得されていません。ほかのチェインの中身はわかりません。",
    ),
    "table.unread": (
        "A line of this table could not be read: it may be a rule.",
        "このテーブルには読み取れない行があります。ルールかもしれません。",
    ),
    "table.failed": (
        "the command that shows it failed: anything may be there",
        "表示するコマンドが失敗した: 何があるか分からない",
    ),
    "table.hidden": (
        "This table holds rules that iptables cannot show.",
        "このテーブルにはiptablesで表示できないルールがあります。",
    ),
    "table.before": (
        "Commands add to this table: what stood there before is not known.",
        "追加のコマンドからわかるだけで、このテーブルのそれ以前の内容は不明です。",
    ),
    "table.changed": (
        "Commands after this listing change the table.",
        "この一覧の後のコマンドで、テーブルは変更されています。",
    ),
    "table.frontend": (
        "A front end has rules in this table, which were not captured.",
        "フロントエンドがこのテーブルにルールを入れていますが、取得されていません。",
    ),
    "table.predicted": (
        "The host's own rules of this table were not captured.",
        "このテーブルのホスト自身のルールは取得されていません。",
    ),
    "line.columns": (
        "Column heads: packets and bytes that fitted the rule, target, protocol, interface in and out, "
        "source, destination; then further conditions and what the target does.",
        "列の見出しです。左から、ルールに一致したパケット数とバイト数、ターゲット、プロトコル、オプショ"
        "ン、入力と出力のインターフェース、送信元、宛先。その後に、ほかの条件とターゲットの内容が続きま"
        "す。",
    ),
    "line.commit": ("End of the table.", "テーブルの終わりです。"),
    "line.comment": ("A comment.", "コメントです。"),
    "line.summary": ("The command's own count of what it printed.", "コマンド自身が表示した件数です。"),
    "line.columns.ss": ("Column heads.", "列の見出しです。"),
    "line.label": (
        "The label of a further address, not an interface of its own.",
        "追加のアドレスのラベルで、独立したインターフェースではありません。",
    ),
    "line.filters": ("The command that shows what follows.", "以下を表示したコマンドです。"),
    "line.unaccounted": (
        "Sekisho took nothing from this line.",
        "Sekishoは、この行から何も読み取っていません。",
    ),
    # ------------------------------------------------------------------ who writes a chain
    "owner.docker": ("Docker writes it.", "Dockerが書くチェインです。"),
    "owner.docker_user": (
        "Docker creates it and leaves its rules to the administrator.",
        "Dockerが作り、中のルールは管理者に任せるチェインです。",
    ),
    "owner.ufw": (
        "ufw (Ubuntu's firewall) writes it.",
        "ufw (Ubuntuのファイアウォール) が書くチェインです。",
    ),
    "owner.fail2ban": (
        "fail2ban writes it: addresses that it has banned.",
        "fail2banが書くチェインで、締め出したアドレスが入ります。",
    ),
    "owner.kubernetes": (
        "Kubernetes (kube-proxy or kubelet) writes it.",
        "Kubernetes (kube-proxyまたはkubelet) が書くチェインです。",
    ),
    "owner.calico": (
        "Calico (Kubernetes networking) writes it.",
        "Calico (Kubernetesのネットワーク) が書くチェインです。",
    ),
    "owner.cilium": (
        "Cilium (Kubernetes networking) writes it.",
        "Cilium (Kubernetesのネットワーク) が書くチェインです。",
    ),
    "owner.flannel": (
        "flannel (Kubernetes networking) writes it.",
        "flannel (Kubernetesのネットワーク) が書くチェインです。",
    ),
    "owner.cni": (
        "A CNI plugin (container networking) writes it.",
        "CNIプラグイン (コンテナのネットワーク) が書くチェインです。",
    ),
    "owner.libvirt": ("libvirt (virtual machines) writes it.", "libvirt (仮想マシン) が書くチェインです。"),
    "owner.tailscale": ("Tailscale writes it.", "Tailscaleが書くチェインです。"),
    "owner.firewalld": ("firewalld writes it.", "firewalldが書くチェインです。"),
    "owner.podman": ("Podman (netavark) writes it.", "Podman (netavark) が書くチェインです。"),
    "owner.istio": ("Istio (service mesh) writes it.", "Istio (サービスメッシュ) が書くチェインです。"),
    "owner.crowdsec": ("CrowdSec writes it.", "CrowdSecが書くチェインです。"),
    "owner.nixos": ("NixOS's firewall writes it.", "NixOSのファイアウォールが書くチェインです。"),
    "owner.upnp": (
        "miniupnpd writes it: ports opened on request.",
        "miniupnpdが書くチェインで、要求に応じて開けたポートが入ります。",
    ),
    "owner.netbird": ("NetBird writes it.", "NetBirdが書くチェインです。"),
    # ------------------------------------------------------------------ what a chain is for
    "role.nat.DOCKER": (
        "where Docker keeps the published ports.",
        "Dockerの公開ポート",
    ),
    "role.DOCKER": (
        "where Docker lets through what containers publish.",
        "コンテナが公開したポートの許可",
    ),
    "role.DOCKER-USER": (
        "the place for the administrator's own rules ahead of Docker's.",
        "Dockerのルールより先に通る、管理者用の場所",
    ),
    "role.DOCKER-FORWARD": (
        "Docker's rules for forwarded packets.",
        "転送するパケットに対するDockerのルール",
    ),
    "role.DOCKER-CT": (
        "where Docker lets through packets of known connections to containers.",
        "コンテナへの、確立済みコネクションのパケットの許可",
    ),
    "role.DOCKER-BRIDGE": (
        "where Docker sorts packets by the bridge they leave by.",
        "出力先のブリッジによる振り分け",
    ),
    "role.DOCKER-INTERNAL": (
        "where Docker closes off internal networks.",
        "内部 (internal) ネットワークの遮断",
    ),
    "role.DOCKER-ISOLATION-STAGE-1": (
        "the first half of keeping Docker networks apart: packets that leave one bridge for elsewhere.",
        "Dockerネットワーク同士の隔離の前半。あるブリッジから別のところへ出るパケット",
    ),
    "role.DOCKER-ISOLATION-STAGE-2": (
        "the second half of keeping Docker networks apart: those that would enter another bridge are "
        "dropped.",
        "Dockerネットワーク同士の隔離の後半。別のブリッジに入ろうとするものを破棄",
    ),
    "role.DOCKER_OUTPUT": (
        "which leads to Docker's DNS server inside the container.",
        "コンテナ内のDockerのDNSサーバーへの誘導",
    ),
    "role.DOCKER_POSTROUTING": (
        "which makes the answers of Docker's DNS server come from port 53.",
        "DockerのDNSサーバーの応答をポート53からに見せる処理",
    ),
    # ------------------------------------------------------------------ said before: in brief
    "line.columns.again": (
        "Column heads, as above.",
        "列の見出しです (前述のとおり)。",
    ),
    "chain.policy.nat.again": (
        "Others stay as they are (policy ACCEPT).",
        "それ以外はそのまま通します (ポリシーACCEPT)。",
    ),
    "chain.policy.no_hits.again": (
        "No packet has met the policy.",
        "ポリシーの判定を受けたパケットはありません。",
    ),
}
