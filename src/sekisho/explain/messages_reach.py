"""The words of reach, exposed, diff, check and the dead lines of lint.

id -> (English, Japanese); the arguments' places are {0}, {1}...
"""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------------------------- frame
    "reach.yes": ("yes", "届く"),
    "reach.no": ("no", "届かない"),
    "reach.perhaps": ("perhaps", "不明"),
    "reach.none": ("-", "-"),
    "reach.cell": ("{0} -> {1}: {2}", "{0} -> {1}: {2}"),
    "reach.witness": ("witness: {0}", "例: {0}"),
    "reach.unaddressed": (
        "{0} cannot address {1}: the Internet routes no such address",
        "{0} から {1} を宛先にはできない: インターネットからそのアドレスへはパケットが来ない",
    ),
    "reach.refused": ("refused:", "拒まれるもの:"),
    "reach.refused-reply": ("the reply is refused: {0}", "応答が拒まれる: {0}"),
    "reach.more-refusals": ("... and {0} more reasons", "…ほか{0}件の理由"),
    "reach.perhaps-these": ("nobody can say for:", "次のものは判定できない:"),
    "reach.because": ("because: {0}", "理由: {0}"),
    "reach.leans-on": ("This answer leans on:", "この答えの前提:"),
    "reach.nothing": ("nothing reaches anything here", "届くものはない"),
    "reach.summary": (
        "{0} sources, {1} targets; {2} pairs of {3} can talk",
        "送信元{0}、宛先{1}。{3}組のうち{2}組が通信できる",
    ),
    "reach.shown-of": ("{0} of {1} rows shown; all with --json", "{1}行のうち{0}行を表示 (全部は --json)"),
    "reach.explain-carries": ("what carries it:", "通す行:"),
    "reach.explain-blocks": ("what blocks it:", "止める行:"),
    "reach.flip-allow": ("a change that lets {0} through:", "{0} を通す変更:"),
    "reach.flip-block": ("a change that stops {0}:", "{0} を止める変更:"),
    "reach.no-allow": (
        "no change of a few rules was found that lets it through",
        "少数のルールの変更では、通すものは見つからなかった",
    ),
    "reach.no-stop": (
        "no single rule was found that stops all of it",
        "すべてを止める1つのルールは見つからなかった",
    ),
    "reach.also-allows": ("it lets through as well: {0}", "同時に通るようになるもの: {0}"),
    "reach.also-stops": ("it stops as well: {0}", "同時に止まるもの: {0}"),
    "roles-inferred": (
        "{0} has a default route: it is taken to face both the Internet (public addresses) and the VPC"
        " (private ones); snapshot.toml can say otherwise under [roles]",
        "デフォルトルートのある {0} をインターネット (パブリックアドレス) とVPC (プライベートアドレス) の"
        "両方に面するとみなす。snapshot.toml の [roles] で指定できる",
    ),
    # ------------------------------------------------------------------------------- one chain
    "chain.head": ("what {0} {1} does by itself", "{0} {1} だけを見た結果"),
    "chain.in-by": ("in by {0}", "{0} から入る"),
    "chain.certainly": ("accepted:", "許可:"),
    "chain.perhaps": ("perhaps accepted:", "許可される可能性:"),
    "chain.nothing": ("nothing is accepted", "何も許可されない"),
    "chain.nobody": ("nobody may call anybody", "誰もどこにも接続できない"),
    "chain.service": ("who may call {0} port {1}", "{0} の{1}番ポートに接続できる組"),
    "chain.dead": (
        "rules that take nothing or make no difference",
        "何も当たらないルール、あってもなくても同じルール",
    ),
    "chain.none-dead": (
        "every rule takes something and makes a difference",
        "すべてのルールに当たるパケットがあり、どれも結果を左右する",
    ),
    "chain.may-call": ("{0}  may call  {1}", "{0}  から  {1}  へ接続できる"),
    "chain.unsure": (
        "some of these only perhaps: that depends on senders' MAC addresses or on what cannot be decided",
        "このうち一部は可能性にとどまる: 送信元のMACアドレスか、判定できない条件による",
    ),
    "chain.elsewhere": ("any other interface", "そのほかのインターフェース"),
    # ----------------------------------------------------------------------------------- exposed
    "exposed.internet": ("internet", "インターネット"),
    "exposed.vpc": ("vpc", "VPC"),
    "exposed.same-host": ("same host", "同じホスト"),
    "exposed.other-hosts": ("other hosts", "ほかのホスト"),
    "exposed.same-network": ("same network", "同じネットワーク"),
    "exposed.other-network": ("other networks", "他のネットワーク"),
    "exposed.none": ("no container or host port is known here", "コンテナやホストのポートが見当たらない"),
    "exposed.no-way-in.internet": (
        "internet: not asked; no {0} default route tells by which interface the Internet's packets arrive (or"
        ' name it in snapshot.toml: [roles] eth0 = "internet")',
        "インターネット: 未確認。{0}のデフォルトルートがなく、どのインターフェースから届くかわからない"
        ' (snapshot.toml に [roles] eth0 = "internet" と書ける)',
    ),
    "exposed.no-way-in.vpc": (
        "vpc: not asked; no interface is known by which private addresses arrive (an {0} default route, or"
        ' snapshot.toml: [roles] eth0 = "vpc")',
        "VPC: 未確認。プライベートアドレスが届くインターフェースがわからない"
        ' ({0}のデフォルトルート、または snapshot.toml の [roles] eth0 = "vpc")',
    ),
    "exposed.port": ("port", "ポート"),
    "exposed.calls": ("call {0}", "接続先 {0}"),
    "exposed.direct": ("its own address", "コンテナ自身のアドレス"),
    "exposed.sees": ("the server sees {0} as the source", "サーバーに見える送信元は {0}"),
    "exposed.sees-own": ("the caller's own address", "発信者自身のアドレス"),
    "exposed.bypasses": (
        "{0} refuses such a packet, but never sees it: DNAT sends it on before",
        "{0} はこのパケットを拒むはずだが、DNATで先に転送されるため通らない",
    ),
    "exposed.refused-by": ("refused: {0}", "拒否: {0}"),
    "exposed.only-ports": ("only from source port {0}", "送信元ポート {0} からだけ"),
    "exposed.only-from": ("only from {0}", "{0} からだけ"),
    "exposed.more": ("perhaps in other ways too: {0}", "ほかの経路でも届く可能性がある: {0}"),
    "exposed.limited": (
        "* only from some source ports or addresses, see below",
        "* 一部の送信元ポートまたは送信元アドレスからだけ。詳しくは下に示す",
    ),
    "exposed.unaddressed": (
        "the Internet routes no packet to its own address",
        "コンテナ自身のアドレスへは、インターネットからパケットが来ない",
    ),
    # -------------------------------------------------------------------------------------- diff
    "diff.same": ("no flow changed", "変わった通信はない"),
    "diff.opened": ("opened", "開いた"),
    "diff.closed": ("closed", "閉じた"),
    "diff.moved": ("goes elsewhere", "行き先が変わった"),
    "diff.source": ("the server sees another source", "サーバーに見える送信元が変わった"),
    "diff.unsure": ("perhaps changed", "変わった可能性"),
    "diff.before": ("before: {0}", "前: {0}"),
    "diff.after": ("after:  {0}", "後: {0}"),
    "diff.leans-on": ("leans on: {0}", "前提: {0}"),
    "diff.from": ("from {0}", "送信元 {0}"),
    "diff.alone": ("What {0} takes for granted and the other does not:", "{0}だけが前提としていること:"),
    "diff.only-one": (
        "{0} is only in one of the two: not compared",
        "{0} は片方にしかないので比較しない",
    ),
    # ------------------------------------------------------------------------------------- check
    "check.passed": ("pass", "合格"),
    "check.failed": ("FAIL", "不合格"),
    "check.unsure": ("UNDETERMINED", "判定できない"),
    "check.perhaps": ("perhaps {0}", "判定できない: {0}"),
    "check.summary": ("{0} passed, {1} failed, {2} undetermined", "合格{0}、不合格{1}、判定できない{2}"),
    "check.allow-fails": ("not everything gets through: {0}", "届かないものがある: {0}"),
    "check.deny-fails": ("gets through: {0}", "届いてしまう: {0}"),
    "check.only-fails": ("gets through besides: {0}", "許した以外に届く: {0}"),
    "check.isolated-fails": ("{0} and {1} can talk: {2}", "{0} と {1} が通信できる: {2}"),
    "check.same-as-fails": ("differs from {0}: {1}", "{0} と違う: {1}"),
    "check.counter-example": ("counterexample: {0}", "反例: {0}"),
    # ------------------------------------------------------------------------------- dead lines
    "lint.rule-shadowed": (
        "rule {1} of {0} never matches anything: {2} takes all that it asks for",
        "{0} のルール{1}には何も当たらない: 求めるパケットは {2} が先に取る",
    ),
    "lint.rule-contradicted": (
        "rule {1} of {0} never matches anything: what leads there ({2}) lets none of its packets through",
        "{0} のルール{1}には何も当たらない: そこへ導くルール ({2}) が、求めるパケットを通さない",
    ),
    "lint.rule-unreachable": (
        "rule {1} of {0} is never asked: no packet gets that far ({2})",
        "{0} のルール{1}まで届くパケットがない ({2})",
    ),
    "lint.rule-impossible": (
        "rule {1} of {0} asks for what no packet is",
        "{0} のルール{1}の条件に当たるパケットは存在しない",
    ),
    "lint.rule-redundant": (
        "rule {1} of {0} changes nothing: without it {2} does the same with its packets",
        "{0} のルール{1}はなくても同じ: {2} が同じことをする",
    ),
    "lint.chain-unused": ("chain {0} is never jumped to", "チェイン {0} へはどこからもジャンプしない"),
    "lint.set-unused": ("set {0} is used by no rule", "セット {0} を使うルールがない"),
    "lint.object-unused": ("object {0} is used by no rule", "オブジェクト {0} を使うルールがない"),
    "lint.route-hidden": (
        "route {0} never wins: {1} is preferred for all its destinations",
        "経路 {0} は選ばれない: 宛先のすべてで {1} が優先される",
    ),
}
