"""What the lab's errors say, in Japanese: English template -> Japanese, with the same places."""

from __future__ import annotations

JAPANESE_OF_LAB: dict[str, str] = {
    # ------------------------------------------------------------------------- labs, nodes, commands
    "for example:  {0}": "例:  {0}",
    "see: sekisho lab doctor": "詳しくは: sekisho lab doctor",
    "see: sekisho lab up --help": "詳しくは: sekisho lab up --help",
    "{0}: {1}": "{0}: {1}",
    "{0}: {1}: {2}": "{0}: {1}: {2}",
    "a lab cannot be made of {0}": "{0} からラボは作れません",
    "no lab named {0!r} stands": "{0!r} というラボは動いていません",
    "start one with: sekisho lab up": "起動するには: sekisho lab up",
    "a lab named {0!r} stands already": "{0!r} というラボはすでに動いています",
    "end it with: sekisho lab down {0}": "終了するには: sekisho lab down {0}",
    "cannot make a socket for the lab {0!r}: {1}": "ラボ {0!r} のソケットを作れません: {1}",
    "the owner of {0!r} (process {1}) does not end": "{0!r} の所有プロセス ({1}) が終了しません",
    "the owner of {0!r} does not answer any more": "{0!r} の所有プロセスから応答がなくなりました",
    "the owner of {0!r} was ended while it was building": "{0!r} の所有プロセスが構築の途中で終了しました",
    "this system does not let the lab make namespaces: {0}": (
        "このシステムではラボの名前空間を作ることが許されていません: {0}"
    ),
    "cannot mount /proc: {0}": "/proc をマウントできません: {0}",
    "a look into the lab was interrupted": "ラボの中を調べる処理が中断されました",
    "a look into the lab failed": "ラボの中を調べる処理に失敗しました",
    "cannot look into the lab: {0}": "ラボの中を調べられません: {0}",
    "there is no node {0!r}": "ノード {0!r} はありません",
    "this lab has no node {0!r}": "このラボにノード {0!r} はありません",
    "the nodes are: {0}": "あるノード: {0}",
    "the node {0!r} has no address": "ノード {0!r} にはアドレスがありません",
    "neither an address nor a node: {0!r}": "アドレスでもノード名でもありません: {0!r}",
    "{0!r} has no interface {1!r}": "{0!r} にインターフェース {1!r} はありません",
    "it has: {0}": "あるのは: {0}",
    "the tour is through the article's: sekisho lab up": (
        "ツアーの対象は記事の環境です。起動するには: sekisho lab up"
    ),
    "the lab sends tcp, udp and icmp over IPv4": "ラボが送れるのはIPv4のtcp、udp、icmpだけです",
    "{0} needs a port": "{0} にはポートの指定が必要です",
    "write {0}:PORT": "{0}:ポート の形で書いてください",
    "the command {0!r} is not installed": "コマンド {0!r} がインストールされていません",
    "the command {0!r} may not be run": "コマンド {0!r} を実行する権限がありません",
    "{0} failed: {1}": "{0} が失敗しました: {1}",
    "{0}: {1} exits with {2}": "{0}: {1} がステータス {2} で終了しました",
    "{0}: {1} does not start (status {2})": "{0}: {1} が起動しません (ステータス {2})",
    "try it by hand: {0}": "手で実行してみてください: {0}",
    "{0}: cannot listen on {1}:{2}/{3}: {4}": "{0}: {1}:{2}/{3} で待ち受けられません: {4}",
    "this many nodes need {0} open files, and the limit is {1}": (
        "このノード数ではファイルを {0} 個開く必要がありますが、上限は {1} です"
    ),
    "raise it first:  ulimit -n {0}": "先に上限を上げてください:  ulimit -n {0}",
    # ------------------------------------------------------------------------------ what is built
    "the kernel refuses: {0}": "カーネルに拒まれました: {0}",
    "no packet can arrive at {0!r} of {1!r}: it has no far end": (
        "{1!r} の {0!r} にはパケットが届きません: 反対側がありません"
    ),
    "these bridge ports do not begin to forward: {0}": "次のブリッジポートが転送状態になりません: {0}",
    "there is no bridge {0!r} in {1!r}": "{1!r} にブリッジ {0!r} はありません",
    "two interfaces of {0!r} have the name {1!r}": (
        "{0!r} に {1!r} という名前のインターフェースが2つあります"
    ),
    "there is no interface {0!r}": "インターフェース {0!r} はありません",
    "rule sets are loaded where the machine's files are not, and this system does not let such a"
    " place be made: {0}": (
        "ルールはマシンのファイルが見えない場所で読み込みますが、このシステムではその場所を作れません: {0}"
    ),
    "this cannot be loaded: {0}": "これは読み込めません: {0}",
    "not understood": "理解できません",
    "not understood: {0}": "理解できません: {0}",
    "it does not read back as it was": "書き出して読み直すと元と同じになりません",
    "nft would read it as more than a rule": "nftでは1つのルールとして読まれません",
    "nft would read it as more than it is": "nftでは余計なものまで読まれてしまいます",
    "no name that can be loaded: {0!r}": "読み込める名前ではありません: {0!r}",
    "no name of a chain: {0!r}": "チェイン名ではありません: {0!r}",
    "no head of a base chain that can be loaded": "読み込めるベースチェインの宣言ではありません",
    "no element that can be loaded": "読み込める要素ではありません",
    "there is no table {0}": "テーブル {0} はありません",
    "there is no table {0!r}": "テーブル {0!r} はありません",
    "there is no table {0} {1!r}": "テーブル {0} {1!r} はありません",
    "there is no policy {0!r}": "ポリシー {0!r} はありません",
    "there is no match {0!r}": "マッチ {0!r} はありません",
    "there is no target and no chain {0!r}": "{0!r} というターゲットもチェインもありません",
    "there is no type of set {0!r}": "セットの型 {0!r} はありません",
    "no options of a set: {0!r}": "セットのオプションではありません: {0!r}",
    "{0} has no option {1!r}": "{0} にオプション {1!r} はありません",
    "{0} {1} names a file of the machine": "{0} {1} はマシンのファイルを指しています",
    "not to be seen: {0!r}": "表示できない文字が入っています: {0!r}",
    "longer than a line of iptables-restore can be": "iptables-restoreの1行の上限より長いです",
    "longer than a word of iptables can be": "iptablesの1語の上限より長いです",
    "{0} is no number of 32 bits": "{0} は32ビットの数ではありません",
    "not a number: {0!r}": "数ではありません: {0!r}",
    "not a number: {0} {1!r}": "数ではありません: {0} {1!r}",
    "not a prefix: {0!r}": "プレフィックスではありません: {0!r}",
    "no range of ports: {0}-{1}": "ポートの範囲ではありません: {0}-{1}",
    "of another IP version: {0}": "IPのバージョンが違います: {0}",
    "of another IP version: {0!r}": "IPのバージョンが違います: {0!r}",
    "there is no scope {0!r}": "スコープ {0!r} はありません",
    "there is no kind of route {0!r}": "経路の型 {0!r} はありません",
    "there is no TOS {0}": "TOS {0} はありません",
    "there is no weight {0}": "重み {0} は使えません",
    "nobody knows the number of table {0}": "テーブル {0} の番号が分かりません",
    "realms are built by number only: {0!r}": "realmは番号でしか作れません: {0!r}",
    "not a feature that is built: {0!r}": "作れる機能ではありません: {0!r}",
    "a next hop cannot be made {0!r}": "ネクストホップを {0!r} にはできません",
    "a next hop's {0} is not built": "ネクストホップの {0} は作れません",
    "a route's {0} is not built": "経路の {0} は作れません",
    "a rule's {0} is not built": "ポリシールールの {0} は作れません",
    "a rule cannot {0!r}": "ポリシールールの動作に {0!r} は使えません",
    # ------------------------------------------------------------------------ documents, topologies
    "not YAML: {0}": "YAMLではありません: {0}",
    "{0}: reading YAML needs PyYAML": "{0}: YAMLを読むにはPyYAMLが必要です",
    "pip install PyYAML, or write it as JSON": (
        "pip install PyYAML でインストールするか、JSONで書いてください"
    ),
    "not UTF-8 text": "UTF-8のテキストではありません",
    "a key must be a text": "キーは文字列でなければなりません",
    "the document": "文書",
    "{0} has no value": "{0} に値がありません",
    "{0} needs {1!r}": "{0} には {1!r} が必要です",
    "{0} needs at least {1} elements": "{0} には要素が {1} 個以上必要です",
    "{0} must be of type {1}": "{0} の型は {1} でなければなりません",
    "{0} must be one of: {1}": "{0} は次のどれかでなければなりません: {1}",
    "{0} must be {1!r}": "{0} は {1!r} でなければなりません",
    "{0} must be at least {1}": "{0} は {1} 以上でなければなりません",
    "{0} must be at most {1}": "{0} は {1} 以下でなければなりません",
    "{0} is not as it should be": "{0} の書き方が正しくありません",
    "unknown key {0!r}": "知らないキーです: {0!r}",
    "did you mean {0!r}?": "{0!r} のことですか",
    "known here: {0}": "ここで使えるもの: {0}",
    "letters, digits, _ . and -, 63 of them at most": "使えるのは英数字、_、.、- で、63文字までです",
    "internet host": "インターネット側のホスト",
    "host": "ホスト",
    "container": "コンテナ",
    "the {0} {1!r} has the name of another {2}": "{0} {1!r} の名前は、ほかの{2}の名前と同じです",
    "two nodes have the name {0!r}": "{0!r} という名前のノードが2つあります",
    "give one of them another name": "どちらかを別の名前にしてください",
    "give the container or network namespace another name: the lab's own nodes are called so (host,"
    " router, resolver, internet, world)": (
        "コンテナかネットワーク名前空間を別の名前にしてください"
        " (host、router、resolver、internet、world はラボ自身のノードの名前です)"
    ),
    "{0} and {1} are on one wire with others, but not with each other": (
        "{0} と {1} は、それぞれほかのインターフェースと同じ線につながっていますが、"
        "互いは同じ線につながっていません"
    ),
    "say in snapshot.toml which interfaces are on one wire: [[wires]]": (
        "どのインターフェースが同じ線につながっているかを snapshot.toml の [[wires]] に書いてください"
    ),
    "{0} and {1} are in one subnet on two wires: the lab has one network outside": (
        "{0} と {1} は同じサブネットにありますが、別の線につながっています。"
        "ラボの外側のネットワークは1つだけです"
    ),
    "name one of the hosts: --host {0}": "ホストを1台指定してください: --host {0}",
    "single flows are put to one host, and the snapshot holds {0}": (
        "フローを1つずつ試せるのはホスト1台だけですが、このスナップショットにはホストが{0}台あります"
    ),
    "name one with --host {0}, or try all pairs: lab up, lab verify": (
        "--host {0} で1台を指定するか、lab up と lab verify で全部の組を試してください"
    ),
    "{0} is an address of several nodes": "{0} は複数のノードのアドレスです",
    "name one of them: {0}": "どれかを指定してください: {0}",
    "{0} is not in the subnet {1} ({2})": "{0} はサブネット {1} ({2}) のアドレスではありません",
    "there is no subnet {0!r}": "サブネット {0!r} はありません",
    "several subnets are called {0!r}": "{0!r} という名前のサブネットが複数あります",
    "the subnets are: {0}": "あるサブネット: {0}",
    "the gateway {0} is not in {1}": "ゲートウェイ {0} が {1} のアドレスではありません",
    "there is no network {0!r}": "ネットワーク {0!r} はありません",
    "{0} is not in the network {1}": "{0} はネットワーク {1} のアドレスではありません",
    "{0} is taken already": "{0} はすでに使われています",
    "the network {0} has no free address": "ネットワーク {0} に空きアドレスがありません",
    "there is no security group {0!r} in the VPC {1}": "VPC {1} にセキュリティグループ {0!r} はありません",
    "a rule names the security group {0!r}, which there is not": (
        "ルールが指すセキュリティグループ {0!r} がありません"
    ),
    "the groups are: {0}": "あるグループ: {0}",
    "ports go from 0 to 65535, and only tcp and udp have them": (
        "ポートは0から65535で、指定できるのはtcpとudpだけです"
    ),
    "a port goes from 1 to 65535": "ポートは1から65535です",
    "http is served over tcp only": "httpを提供できるのはtcpだけです",
    "an address in a subnet of at least four": "アドレスは4個以上のサブネットのものにしてください",
    "{0} of {1!r} is an internet gateway's own address": (
        "{1!r} の {0} はインターネットゲートウェイ自身のアドレスです"
    ),
    "take one above {0}'s first {1}": "{0} の最初の {1} 個より後のアドレスを使ってください",
    "the subnet {0!r} has a route to {1!r}, which there is not": (
        "サブネット {0!r} の経路の行き先 {1!r} がありません"
    ),
    "a route's via is internet-gateway, blackhole, or a host of the VPC": (
        "経路の via に書けるのは internet-gateway、blackhole、VPC内のホストです"
    ),
    "not a parameter of a network namespace that a lab sets: {0}": (
        "ラボで設定できるネットワーク名前空間のパラメーターではありません: {0}"
    ),
    "not a value that can be seen: {0!r}": "表示できる値ではありません: {0!r}",
    "{0}, line {1} of it: {2}": "{0} の{1}行目: {2}",
    "a route is one line of words that can be seen": "経路は、表示できる文字の1行で書いてください",
    "a rule is one line of what can be seen": "ルールは、表示できる文字の1行で書いてください",
    "not understood as the words of ip route add": "ip route add の引数として理解できません",
    "not understood as the words of ip route add: {0}": "ip route add の引数として理解できません: {0}",
    "not a command that is understood: {0}": "理解できるコマンドではありません: {0}",
    "not a chain with its policy, as in :INPUT ACCEPT [0:0]": (
        ":INPUT ACCEPT [0:0] のような、チェインとそのポリシーではありません"
    ),
    "a table comes first, as in *filter": "先に *filter のようなテーブルの行が必要です",
    "the table has no COMMIT": "テーブルにCOMMITがありません",
    # --------------------------------------------------------- what the schema of a topology describes
    "SUBNET, or VPC/SUBNET": "サブネット、または VPC/サブネット",
    "[[HOST_ADDRESS:]HOST_PORT:]PORT[/tcp|/udp]": "[[ホストのアドレス:]ホストのポート:]ポート[/tcp|/udp]",
    "a kernel parameter of the network: net....": "ネットワークのカーネルパラメーター: net....",
    "a name: letters, digits, _ . - (63 at most)": "名前: 英数字、_、.、- (63文字まで)",
    "a port, or a range such as 8000-8080": "ポート、または 8000-8080 のような範囲",
    "a port, or port with proto, kind (http, echo) and address": (
        "ポート、または port に proto、kind (http、echo)、address を付けたもの"
    ),
    "a rate such as 10mbit": "10mbit のような帯域",
    "a share such as 1%": "1% のような割合",
    "a time such as 20ms": "20ms のような時間",
    "an IPv4 address such as 10.0.0.10": "10.0.0.10 のようなIPv4アドレス",
    "an IPv4 prefix such as 10.0.0.0/16": "10.0.0.0/16 のようなIPv4プレフィックス",
    "an interface's name: 15 characters at most, no space, no /": (
        "インターフェース名: 15文字まで、空白と / は使えない"
    ),
    "proto, ports, and from (ingress) or to (egress): a prefix or sg:NAME": (
        "proto、ports と、from (ingress) か to (egress): プレフィックスか sg:名前"
    ),
    "quality of the wire, each way": "回線の品質 (片方向ごと)",
    "via: internet-gateway, blackhole, or a host's name": (
        "via: internet-gateway、blackhole、ホスト名のどれか"
    ),
    "what no rule allows is denied": "どのルールも許さないものは拒否される",
    "without egress, everything may go out": "egress がなければ、すべて外に出られる",
}
