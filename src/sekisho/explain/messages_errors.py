"""What errors say, in Japanese: English template -> Japanese, with the same places."""

from __future__ import annotations

JAPANESE: dict[str, str] = {
    # -------------------------------------------------------------------- endpoints and questions
    "an endpoint is empty": "エンドポイントが空です",
    "not an endpoint: {0}": "エンドポイントではありません: {0}",
    "{0}: needs a name": "{0}: の後に名前が必要です",
    "{0}: is not understood by this verb": "{0}: はこの動詞では使えません",
    "the bracket is not closed": "角括弧が閉じていません",
    "not a port: {0!r}": "ポート番号ではありません: {0!r}",
    "write an address, internet, host, container:NAME, network:NAME, netns:NAME or iface:NAME, each with"
    " :PORT where a port is meant ([2001:db8::1]:80 for IPv6)": (
        "アドレス、internet、host、container:名前、network:名前、netns:名前、iface:名前 のどれかを書き、"
        "ポートは :PORT で付けてください (IPv6は [2001:db8::1]:80)"
    ),
    "write an address, a prefix, any, internet, vpc, host, container:NAME, network:NAME, netns:NAME or"
    " iface:NAME, each with :PORT or :FROM-TO where ports are meant ([2001:db8::/32]:80 for IPv6)": (
        "アドレス、プレフィックス、any、internet、vpc、host、container:名前、network:名前、netns:名前、"
        "iface:名前 のどれかを書き、ポートは :PORT か :FROM-TO で付けてください (IPv6は [2001:db8::/32]:80)"
    ),
    "a trace follows one packet: name one address of {0}": (
        "traceが追うのは1つのパケットです: {0} の中のアドレスを1つ指定してください"
    ),
    "{0} and {1} are of different IP versions": "{0} と {1} はIPのバージョンが違います",
    "name one with --in HOST/IFACE; the hosts are: {0}": (
        "--in ホスト/インターフェース で指定してください。ホスト: {0}"
    ),
    "there are {0} hosts here, and nothing tells at which of them {1} arrives": (
        "ホストが {0} 台あり、{1} がどれに届くのか分かりません"
    ),
    "there are {0} hosts here, and this names none of them": "ホストが {0} 台ありますが、どれか分かりません",
    "[[wires]] of snapshot.toml names {0}: no such interface there": (
        "snapshot.toml の [[wires]] にある {0} というインターフェースは、そのホストにありません"
    ),
    "[[wires]] of snapshot.toml names {0}: no such host is here": (
        "snapshot.toml の [[wires]] にある {0} のホストはここにありません"
    ),
    "[[wires]] of snapshot.toml names {0} twice": "snapshot.toml の [[wires]] に {0} が2回あります",
    "an interface is on one wire": "インターフェースがある線は1本だけです",
    "write host:NAME, one of: {0}": "host:名前 と書いてください: {0}",
    "{0} is the name of {1}": "{0} は {1} の名前です",
    "{0} is the address of {1}": "{0} は {1} のアドレスです",
    "{0} may be on several bridges: {1}": "{0} は複数のブリッジにあるかもしれません: {1}",
    "write container:HOST/NAME, or name the bridge with --in HOST/IFACE": (
        "container:ホスト/名前 と書くか、--in ホスト/インターフェース でブリッジを指定してください"
    ),
    "write one of these, for example {0}": "どれかを書いてください。例: {0}",
    "write one of these, for example container:{0}": "どれかを書いてください。例: container:{0}",
    "{0!r} is no kind of caller": "{0!r} という呼び出し元の種類はありません",
    "give both ends as IPv4 or both as IPv6": "両端ともIPv4か、両端ともIPv6で指定してください",
    "no IPv{0} address is known for {1}": "{1} のIPv{0}アドレスが分かりません",
    "no IPv{0} address of the host is known": "ホストのIPv{0}アドレスが分かりません",
    "no IPv{0} address is known on interface {1}": "インターフェース {1} のIPv{0}アドレスが分かりません",
    "no {0} {1!r} in this snapshot": "このスナップショットに {0} {1!r} はありません",
    "no Docker network {0!r} in this snapshot": "このスナップショットにDockerネットワーク {0!r} はありません",
    "no interface is known by which {0} gets in over IPv{1}": (
        "IPv{1} で {0} がどのインターフェースから入るか分かりません"
    ),
    'capture its default route, or name it in snapshot.toml: [roles] eth0 = "{0}"': (
        'デフォルトルートを取得するか、snapshot.toml に書いてください: [roles] eth0 = "{0}"'
    ),
    "known: {0}, or an exact version of one of them": "使えるもの: {0}、またはそのどれかの正確なバージョン",
    "not a Docker version: {0!r}": "Dockerのバージョンではありません: {0!r}",
    "no profile for Docker {0}": "Docker {0} のプロファイルがありません",
    "nothing in this snapshot is {0}": "このスナップショットに {0} に当たるものはありません",
    "nothing that was captured tells the address of {0}": "{0} のアドレスを示すものが取得されていない",
    "docker ps does not show it; docker inspect does": "docker ps には出ない。docker inspect で分かる",
    "known containers: {0}": "分かっているコンテナ: {0}",
    "no containers are known here": "分かっているコンテナはありません",
    "known networks: {0}": "分かっているネットワーク: {0}",
    "no networks are known here": "分かっているネットワークはありません",
    "no interface {0!r} is known here": "インターフェース {0!r} は見当たりません",
    "known: {0}": "あるのは: {0}",
    "no interface faces the Internet: there is no default route": (
        "インターネット側のインターフェースが分かりません: デフォルトルートがありません"
    ),
    'name one with --in IFACE, or in snapshot.toml: [roles] eth0 = "internet"': (
        '--in IFACE で指定するか、snapshot.toml に書いてください: [roles] eth0 = "internet"'
    ),
    "a packet needs a source address: write FROM as an address and add --in {0}": (
        "パケットには送信元アドレスが必要です: FROM をアドレスで書き、--in {0} を付けてください"
    ),
    "no route tells on which interface packets from {0} arrive": (
        "{0} からのパケットがどのインターフェースに届くか、経路からは分かりません"
    ),
    "no route tells where packets from {0} arrive": (
        "{0} からのパケットがどこに届くか、経路からは分かりません"
    ),
    "--chain looks at one chain alone and takes one port with it, and its protocol": (
        "--chain は1つのチェインだけを見るので、指定できるのは1つのポートとそのプロトコルだけです"
    ),
    "for example:  --chain FORWARD --to :22 --proto tcp": "例:  --chain FORWARD --to :22 --proto tcp",
    "{0} has too many addresses on {1} to look at each": (
        "{0} のうち {1} にあるアドレスが多すぎて、1つずつ調べられません"
    ),
    "name a smaller prefix, or container: and network: for those that are known": (
        "もっと小さいプレフィックスか、分かっているものを container: や network: で指定してください"
    ),
    "not a value of {0}: {1!r}": "{0} の値ではありません: {1!r}",
    "{0}: such a packet has none": "{0}: このパケットにはありません",
    "name it with --in IFACE": "--in IFACE で指定してください",
    "write tcp, udp, icmp or a protocol number": "tcp、udp、icmp かプロトコル番号を書いてください",
    "write tcp, udp, icmp, a number or all": "tcp、udp、icmp、番号、all のどれかを書いてください",
    "ICMP has no ports": "ICMPにはポートがありません",
    "leave the port out, or choose another --proto": (
        "ポートを外すか、--proto で別のプロトコルを選んでください"
    ),
    "unknown protocol: {0!r}": "知らないプロトコルです: {0!r}",
    "not an IP address: {0!r}": "IPアドレスではありません: {0!r}",
    "not an interface's name: {0!r}": "インターフェース名ではありません: {0!r}",
    "not a network namespace's name: {0!r}": "ネットワーク名前空間の名前ではありません: {0!r}",
    "not a container's name: {0!r}": "コンテナ名ではありません: {0!r}",
    "not a network's name: {0!r}": "ネットワーク名ではありません: {0!r}",
    "not a kernel parameter's name: {0!r}": "カーネルパラメーターの名前ではありません: {0!r}",
    "not a link-layer address: {0!r}": "リンク層アドレスではありません: {0!r}",
    "not a chain's name: {0!r}": "チェイン名ではありません: {0!r}",
    "not a set's name: {0!r}": "セット名ではありません: {0!r}",
    "not a name of nftables: {0!r}": "nftablesの名前ではありません: {0!r}",
    "not a lab's name: {0!r}": "ラボの名前ではありません: {0!r}",
    "not a contiguous netmask: {0}": "連続したネットマスクではありません: {0}",
    "host bits are set in {0!r}": "{0!r} のホスト部が0ではありません",
    "prefix length {0} is more than {1}: {2!r}": "プレフィックス長 {0} が {1} を超えています: {2!r}",
    "{0}": "{0}",
    # ------------------------------------------------------------------------------------- flows
    "a flow is a JSON object": "フローは1つのJSONオブジェクトです",
    "not JSON: {0}": "JSONではありません: {0}",
    "unknown field {0!r} in a flow": "フローに知らないフィールド {0!r} があります",
    "a flow needs src (an address) or from (an endpoint)": (
        "フローには src (アドレス) か from (エンドポイント) が必要です"
    ),
    "a flow needs dst": "フローには dst が必要です",
    "state is new or established, not {0!r}": "state は new か established です: {0!r}",
    "in is the name of an interface, or null": "in はインターフェースの名前か null です",
    "{0} is a port from 0 to 65535, not {1!r}": "{0} は0から65535のポート番号です: {1!r}",
    # ----------------------------------------------------------------------------- files, archives
    "no such file or folder": "ファイルもフォルダーもありません",
    "holds no file that a snapshot has": "スナップショットのファイルが1つもありません",
    "a snapshot is a folder or an archive with files such as ip-route.txt, iptables-save.txt and"
    " sysctl.txt; one such file, or the commands' output on standard input, will do too": (
        "スナップショットは ip-route.txt、iptables-save.txt、sysctl.txt などのファイルを入れたフォルダーか"
        "アーカイブです。そのうちの1つのファイルや、標準入力からのコマンド出力でもかまいません"
    ),
    "there is no text": "テキストがありません",
    "the command was refused: what it shows is not known, and not nothing": (
        "コマンドが拒否されました。内容は不明であり、空とはみなしません"
    ),
    "ask again with the rights for it: {0}": "権限を付けて取り直してください: {0}",
    "no command's output that is known": "知っているコマンドの出力ではありません",
    "leads out of the folder {0}": "フォルダー {0} の外へ出ています",
    "if you know what is there: --outside reads it all the same": (
        "何があるか承知のうえなら、--outside を付ければ読みます"
    ),
    "no regular file": "通常のファイルではありません",
    "copy what it holds into a file": "中身をファイルにコピーしてください",
    "leave out what does not belong to it, or raise the limit: --max-input {0}": (
        "関係のないものを外すか、上限を上げてください: --max-input {0}"
    ),
    "larger than {0} MiB": "{0} MiBより大きいです",
    "holds more than {0} files": "ファイルが {0} 個より多く入っています",
    "holds more than {0} headers that count for all members": (
        "すべてのメンバーに効くヘッダーが {0} 個より多くあります"
    ),
    "a member's name is longer than {0} characters": "メンバーの名前が {0} 文字より長いです",
    "a line of more than {0} characters": "1行が {0} 文字より長いです",
    "more than {0} lines": "{0} 行より多くあります",
    "more than {0} JSON values": "JSONの値が {0} 個より多くあります",
    "more than {0} values once its aliases are written out": (
        "エイリアスを展開すると値が {0} 個より多くなります"
    ),
    "more than {0} values once all that is included and extended is written out": (
        "include と extends をすべて展開すると値が {0} 個より多くなります"
    ),
    "included more than {0} deep": "include の入れ子が {0} 段より深いです",
    "extended more than {0} deep": "extends の入れ子が {0} 段より深いです",
    "more than {0} ports in one project": "1つのプロジェクトのポートが {0} 個より多くあります",
    "more than {0} containers in one project": "1つのプロジェクトのコンテナが {0} 個より多くあります",
    "larger than {0} MiB when unpacked": "展開すると {0} MiBより大きくなります",
    "a snapshot holds text of some megabytes; leave out what does not belong to it": (
        "スナップショットは数メガバイトのテキストです。関係のないものは外してください"
    ),
    "cannot read it: {0}": "読めません: {0}",
    "check the path and its permissions": "パスとアクセス権を確かめてください",
    "the file is empty": "ファイルが空です",
    "capture it again: an empty list is []": "取得し直してください: 空のリストなら [] です",
    "capture it again with `{0}` (as root), or remove the file: what is missing counts as not known": (
        "`{0}` で (rootとして) 取得し直すか、ファイルを消してください: ないものは不明として扱われます"
    ),
    "the file is not UTF-8 text": "UTF-8のテキストではありません",
    "the file is binary": "バイナリーファイルです",
    "give the command's output as text; an archive must be a .tar, .tar.gz, .tar.xz or .tar.zst": (
        "コマンドの出力をテキストで渡してください。アーカイブなら .tar、.tar.gz、.tar.xz、.tar.zst です"
    ),
    "by its name this holds `{0}`, but it looks like `{1}`": (
        "名前からは `{0}` の出力のはずですが、内容は `{1}` のようです"
    ),
    "name the file after what it holds, or capture it again": (
        "ファイル名を内容に合わせるか、取得し直してください"
    ),
    "the snapshot holds {0} hosts: {1}": "スナップショットにホストが {0} 台あります: {1}",
    "name one of them: --host {0}": "1台を指定してください: --host {0}",
    "there is one host here, and nothing names it: {0!r} is not known": (
        "ホストは1台で、名前は分かりません: {0!r} はありません"
    ),
    "leave --host out": "--host を外してください",
    "no host is called {0!r}": "{0!r} というホストはありません",
    "not a whole tar archive: {0}": "tarアーカイブとして完全ではありません: {0}",
    "a snapshot is a folder, a .tar, .tar.gz, .tar.xz or .tar.zst of one; was it cut?": (
        "スナップショットはフォルダーか、その .tar、.tar.gz、.tar.xz、.tar.zst です。途中で切れていませんか"
    ),
    "a member's name leads out of the archive": "アーカイブの外を指す名前が入っています",
    "make the archive with: tar -C SNAPSHOT -cf snapshot.tar .": (
        "アーカイブの作り方: tar -C SNAPSHOT -cf snapshot.tar ."
    ),
    "a zstd archive cannot be unpacked here": "ここではzstdアーカイブを展開できません",
    "unpack it with `zstd -d` and give the .tar": "`zstd -d` で展開し、.tar を渡してください",
    "zstd archives need the zstd program, which is not here": (
        "zstdアーカイブにはzstdプログラムが必要ですが、ここにはありません"
    ),
    "install zstd, or unpack it elsewhere and give the .tar or the folder": (
        "zstdをインストールするか、別の場所で展開して .tar かフォルダーを渡してください"
    ),
    "not valid zstd data: {0}": "zstdのデータとして正しくありません: {0}",
    "was the archive cut? Copy it again": "途中で切れていませんか。コピーし直してください",
    "{0} is there already": "{0} は既にあります",
    "name a new or an empty folder": "新しいフォルダーか空のフォルダーを指定してください",
    # ---------------------------------------------------------------------------------- contents
    "no line reads as output of `{0}`": "`{0}` の出力として読める行がありません",
    "give the command's output as it is; a file is named after what it holds": (
        "コマンドの出力をそのまま渡してください。ファイル名は内容を表すものにします"
    ),
    "not valid JSON: {0}": "JSONとして正しくありません: {0}",
    "nested or unbalanced array": "配列の括弧が入れ子か、対応していません",
    "the array has no end": "配列が閉じていません",
    "the document is nested too deeply": "文書の入れ子が深すぎます",
    "a number is too large": "数が大きすぎます",
    "capture the file again with the command that snapshots name for it; was it cut?": (
        "スナップショットの説明にあるコマンドで取得し直してください。途中で切れていませんか"
    ),
    "this is not a network as Docker's inspect prints it": (
        "docker network inspectが出力するネットワークではありません"
    ),
    "this is not a container as Docker's inspect prints it": "docker inspectが出力するコンテナではありません",
    "this is not what `docker version` prints": "`docker version` の出力ではありません",
    "capture it with: {0}": "取得するコマンド: {0}",
    "this is not what describe-instances prints": "describe-instances の出力ではありません",
    "capture it with: aws ec2 describe-instances": "取得するコマンド: aws ec2 describe-instances",
    "capture it with: docker version --format json": "取得するコマンド: docker version --format json",
    "capture it with: nft list ruleset": "取得するコマンド: nft list ruleset",
    "capture it with: nft -j list ruleset": "取得するコマンド: nft -j list ruleset",
    "capture the whole output of: nft -j list ruleset": "nft -j list ruleset の出力全体を取得してください",
    'no JSON object with an "nftables" array, as `nft -j list ruleset` prints it': (
        '`nft -j list ruleset` が出力する、"nftables" という配列を持つJSONオブジェクトではありません'
    ),
    "the value of {0!r} is no text": "{0!r}の値が文字列ではありません",
    "an object that belongs to no table before it": "それまでに出たどのテーブルにも属さないオブジェクトです",
    "expected `table FAMILY NAME {`": "`table FAMILY NAME {` があるはずのところです",
    "not valid TOML: {0}": "TOMLとして正しくありません: {0}",
    "{0!r} does not belong here": "{0!r} はここには書けません",
    'the file holds name = "...", notes = "...", a table [roles] of eth0 = "internet", and tables '
    '[[wires]] of ends = ["HOST/eth0", "HOST/eth0"]': (
        'このファイルに書けるのは name = "..."、notes = "..."、eth0 = "internet" のような [roles] の表と、'
        'ends = ["ホスト/eth0", "ホスト/eth0"] のような [[wires]] の表です'
    ),
    # ------------------------------------------------------------------------------------- verbs
    "no section is called {0!r}": "{0!r} という部分はありません",
    "there are: {0}": "あるのは: {0}",
    "cannot be read: {0}": "読めません: {0}",
    "the example is not installed": "例がインストールされていません",
    "reinstall sekisho": "sekishoをインストールし直してください",
    "the snapshot does not hold Docker's own state": "スナップショットにDocker自身の状態が入っていません",
    "containers that are in Docker's networks were not inspected: {0}": (
        "Dockerのネットワークにあるのに docker inspect のないコンテナ: {0}"
    ),
    "not a flag of dockerd: {0!r}": "dockerdのフラグではありません: {0!r}",
    "for example --userland-proxy=false": "例えば --userland-proxy=false",
    "see dockerd --help": "dockerd --help を見てください",
    "it came with Docker {0}": "Docker {0} で追加されたフラグです",
    "a value must follow {0}": "{0} の後に値が必要です",
    "two texts would be written as {0}": "{0} として書き出すテキストが2つある",
    "a snapshot holds one text of each kind: which one counts cannot be told": (
        "スナップショットには種類ごとに1つのテキストしか置けず、どちらが正しいか判断できません"
    ),
    "capture docker-containers.json with: docker inspect $(docker ps -q)": (
        "docker inspect $(docker ps -q) で docker-containers.json を取得してください"
    ),
    "capture docker-networks.json and docker-containers.json as well": (
        "docker-networks.json と docker-containers.json も取得してください"
    ),
    "Docker's own state does not fit together: {0}": "Docker自身の状態に食い違いがあります: {0}",
    "{0}: no routes were captured, so nothing tells where packets go": (
        "{0}: 経路が取得されていないので、パケットの行き先が分かりません"
    ),
    "no base chain {0!r} in this snapshot": "このスナップショットにベースチェイン {0!r} はありません",
    "reading policies needs PyYAML, which is not installed": (
        "ポリシーを読むにはPyYAMLが必要ですが、インストールされていません"
    ),
    "pip install PyYAML": "次でインストールできます: pip install PyYAML",
    "a policy is one YAML document": "ポリシーは1つのYAML文書です",
    "add ip-route.txt to the snapshot": "スナップショットに ip-route.txt を加えてください",
    "the kernel cannot be asked here: {0}": "ここではカーネルに尋ねられません: {0}",
    "see what is missing with:  sekisho lab doctor": "足りないものは sekisho lab doctor で分かります",
    "a kernel that was just built has no connection yet": (
        "作ったばかりのカーネル環境には、まだコネクションがありません"
    ),
    "leave state out: the reply and the next packet are put to it as well": (
        "state を外してください。応答と次のパケットも合わせて試します"
    ),
    'create it first (--create "docker network create {0}"), or name the host that has it (--on)': (
        '先に作る (--create "docker network create {0}") か、それがあるホストを --on で指定してください'
    ),
    "drivers without a plugin: {0}": "プラグインの要らないドライバー: {0}",
    "use the network {0} that is there": "すでにあるネットワーク {0} を使ってください",
    "an overlay network needs a swarm; plans cover one host's own networks": (
        "overlayネットワークにはswarmが要ります。planが扱うのは1台のホストのネットワークです"
    ),
    "give the network an IPv6 subnet": "ネットワークにIPv6のサブネットを指定してください",
    "{0} overlaps {1} of network {2}": "{0} はネットワーク {2} の {1} と重複します",
    "{0} is given twice": "{0} が2回指定されています",
    "give it a subnet (--subnet, or ipam in compose), or dockerd another --default-address-pool": (
        "サブネットを指定する (--subnet、composeではipam) か、dockerdに別の --default-address-pool を"
        "指定してください"
    ),
    "network {0} has {1}": "ネットワーク {0} のサブネット: {1}",
    "{0} in network {1}": "ネットワーク {1} の {0}",
    "give the whole compose file or all run commands": (
        "composeファイル全体か、すべてのrunコマンドを指定してください"
    ),
    "without docker-proxy, this backend cannot publish one container port twice": (
        "docker-proxyなしでは、このバックエンドはコンテナの1つのポートを2重に公開できません"
    ),
    "port {0} is published already: {1}:{2}": "ポート {0} はすでに公開されています: {1}:{2}",
    "a published port can be bound once for each host address and protocol": (
        "公開ポートは、ホストのアドレスとプロトコルごとに1回しか使えません"
    ),
    "an address with a prefix length, such as {0}": "{0} のように、"
    "プレフィックス長の付いたアドレスにしてください",
    "download it, and include the file": "ダウンロードして、そのファイルをincludeしてください",
    "the file before has a mapping here": "前のファイルでは、ここはマッピングです",
    "the file before has a list here": "前のファイルでは、ここはリストです",
    "see {0}": "{0} を参照してください",
    "a container or network namespace has the name 'host', which is the host's own here": (
        "コンテナまたはネットワーク名前空間の名前が 'host' ですが、これはホスト自身を指す名前です"
    ),
    "the key {0!r} is there twice": "キー {0!r} が2度現れます",
    "give it another name": "別の名前を付けてください",
    "the archive has two members of this name": "アーカイブに同じ名前のメンバーが2つあります",
    "more than {0} variables are nested": "変数の入れ子が {0} 段より深いです",
    "longer than {0} characters once its variables are written out": (
        "変数を展開すると {0} 文字より長くなります"
    ),
    # ------------------------------------------------------------------- what was done with a text
    "not read": "読み取っていません",
    "not read: leads out of the folder": "フォルダーの外を指すため、読み取っていません",
    "not read: no regular file": "通常のファイルではないため、読み取っていません",
    "not all there is ({0})": "全体ではありません ({0})",
    "not all there is ({0}), left out": "全体ではないため、使いません ({0})",
    "no output, left out": "出力がないため、使いません",
    "empty: taken as no routes at all": "空なので、経路が1つもないものとみなします",
    "empty: taken as no tables at all": "空なので、テーブルが1つもないものとみなします",
    "a second rule set of the same kind, the one before it is left out": (
        "同じ種類のルールセットが2つあるため、前のものは使いません"
    ),
    "table {0} is not in the whole rule set: that one is taken as cut": (
        "テーブル {0} が全体のルールセットにないため、そちらは途中で切れたものとみなします"
    ),
    "the whole rule set is there as well, this one is left out": (
        "ルールセット全体もあるため、こちらは使いません"
    ),
    "no way to tell which table this lists (put its command line before it)": (
        "どのテーブルのリストか分かりません (前にコマンドラインを付けてください)"
    ),
    "table {0} is there as a whole, this part is left out": (
        "テーブル {0} の全体があるため、この部分は使いません"
    ),
    "table {0} again, the one before it is left out": "テーブル {0} が2つあるため、前のものは使いません",
    "shown again later, this one is left out": "後にもう1度あるため、こちらは使いません",
    "another listing says the same or more, this one is left out": (
        "同じかそれ以上のことを示すリストがほかにあるため、こちらは使いません"
    ),
    "does not tell the engine's version": "Dockerエンジンのバージョンが書かれていません",
    "--dockerd: {0}": "--dockerd の値: {0}",
    "name an image": "イメージを指定してください",
    "add {0}": "{0} を付けてください",
}
