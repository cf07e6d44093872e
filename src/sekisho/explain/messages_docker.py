"""Words for Docker's networks and containers."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "docker.network.bridge": (
        "Network {0}: a bridge network of Docker; on this host it is the bridge {1}.",
        "ネットワーク{0}: Dockerのブリッジネットワークで、このホストではブリッジ{1}です。",
    ),
    "docker.network.default": (
        "Network {0}: Docker's default bridge network; on this host it is the bridge {1}. Containers "
        "there find one another by address only, not by name.",
        "ネットワーク{0}: Dockerのデフォルトのブリッジネットワークで、このホストではブリッジ{1}です。この"
        "中のコンテナ同士は、名前ではなくアドレスでしか呼び合えません。",
    ),
    "docker.network.host": (
        "Network host: containers on it use the host's own network namespace, with no bridge, no NAT and "
        "no published ports.",
        "ネットワークhost: このネットワークのコンテナは、ホスト自身のネットワーク名前空間を使います。ブリ"
        "ッジもNATも公開ポートもありません。",
    ),
    "docker.network.none": (
        "Network none: containers on it have a loopback only.",
        "ネットワークnone: このネットワークのコンテナには、ループバックしかありません。",
    ),
    "docker.network.other": (
        "Network {0}, driver {1}.",
        "ネットワーク{0}、ドライバーは{1}です。",
    ),
    "docker.network.subnet": ("Its addresses are {0}.", "アドレスは{0}です。"),
    "docker.network.gateway": ("{0}, gateway {1}", "{0} (ゲートウェイ {1})"),
    "docker.network.internal": (
        "It is internal: closed off from everything outside.",
        "内部 (internal) ネットワークで、外部から遮断されています。",
    ),
    "docker.network.members": ("Containers on it: {0}.", "接続しているコンテナ: {0}。"),
    "docker.network.empty": (
        "No captured container is on it.",
        "取得されたコンテナの中に、接続しているものはありません。",
    ),
    "docker.container": ("Container {0}{1}.", "コンテナ{0}{1}です。"),
    "docker.container.image": (", image {0}", " (イメージ {0})"),
    "docker.container.service": ("It is compose service {0}.", "composeサービス{0}のコンテナです。"),
    "docker.container.stopped": ("It is not running.", "実行中ではありません。"),
    "docker.container.host": (
        "It uses the host's own network namespace.",
        "ホスト自身のネットワーク名前空間を使います。",
    ),
    "docker.container.shares": (
        "It shares the network namespace of {0}.",
        "{0}とネットワーク名前空間を共有します。",
    ),
    "docker.container.none": (
        "It has no network but its loopback.",
        "ループバック以外のネットワークはありません。",
    ),
    "docker.container.endpoint": ("{0} on network {1}", "ネットワーク{1}の{0}"),
    "docker.container.addresses": ("It has {0}.", "アドレス: {0}。"),
    "docker.published": (
        "Port {0} is published: whoever reaches {1} gets there.",
        "ポート{0}が公開されており、{1}に届けばつながります。",
    ),
    "docker.published.everywhere": (
        "port {0} on any address of this host",
        "このホストのどのアドレスでもポート{0}",
    ),
    "docker.published.address": ("port {0} on this host's address {1}", "このホストのアドレス{1}のポート{0}"),
    "docker.published.loopback": (
        "port {0} on {1} (from this host only)",
        "{1}のポート{0} (このホストの中からだけ)",
    ),
    "docker.published.none": ("No port of it is published.", "公開ポートはありません。"),
}
