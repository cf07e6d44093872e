"""Words for the files that set sysctls at boot, and for EC2 instances."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "sysctl_file.head": (
        "The file {0}, number {1} of the {2} that are applied, in the order of their names, at boot and by "
        "sysctl --system.",
        "ファイル{0}。起動時と sysctl --system で、名前の順に適用される{2}個のうち{1}番目です。",
    ),
    "sysctl_file.masked": (
        "The file {0} is not applied: {1} has the same name, in a directory that comes first.",
        "ファイル{0}は適用されません。優先されるディレクトリに、同じ名前の{1}があります。",
    ),
    "sysctl_file.ignored": (
        "The file {0} is not applied: only files ending in .conf in the sysctl.d directories are, and "
        "/etc/sysctl.conf.",
        "ファイル{0}は適用されません。適用されるのは、sysctl.d ディレクトリにある .conf で終わるファイルと "
        "/etc/sysctl.conf だけです。",
    ),
    "sysctl_file.sets": ("Sets {0} to {1}.", "{0} を {1} にします。"),
    "sysctl_file.excluded": (
        "Takes {0} out of what a pattern elsewhere would set.",
        "ほかのパターンによる設定の対象から {0} を外します。",
    ),
    "sysctl_file.glob": (
        "A pattern: it holds for every key that fits and that no file writes out.",
        "パターンです。当てはまるキーのうち、名前そのもので設定されていないもの全部に効きます。",
    ),
    "sysctl_file.not_applied": (
        "It has no effect: the file is not applied.",
        "このファイルは適用されないので、効果はありません。",
    ),
    "sysctl_file.overridden": (
        "It does not last: line {1} of the capture, from {0}, is applied later and sets {2}.",
        "この値は残りません。後で適用される{0} (取得データの{1}行目) が {2} にします。",
    ),
    "sysctl_file.differs": (
        "When this was captured the value was {0}: somebody changed it after the files were applied, and "
        "applying them again takes that back.",
        "取得した時点の値は {0} でした。ファイルの適用後に変更されていて、適用し直すと元に戻ります。",
    ),
    "aws.instance": (
        "EC2 instance {0}, with the private addresses {1}.",
        "EC2インスタンス{0}。プライベートアドレスは{1}です。",
    ),
    "aws.instance.bare": ("EC2 instance {0}.", "EC2インスタンス{0}です。"),
    "aws.imds.off": (
        "Its metadata service (IMDS, 169.254.169.254) is switched off.",
        "メタデータサービス (IMDS、169.254.169.254) は無効です。",
    ),
    "aws.imds.required": (
        "Its metadata service (IMDS, 169.254.169.254) answers only with a token, which a PUT request fetches "
        "first (IMDSv2).",
        "メタデータサービス (IMDS、169.254.169.254) は、先にPUTで取得したトークンがあるときだけ応じます "
        "(IMDSv2)。",
    ),
    "aws.imds.optional": (
        "Its metadata service (IMDS, 169.254.169.254) answers with a token (IMDSv2) and without (IMDSv1).",
        "メタデータサービス (IMDS、169.254.169.254) は、トークンがあっても (IMDSv2) なくても (IMDSv1) "
        "応じます。",
    ),
    "aws.imds.one_hop": (
        "The answer to PUT has a hop limit (TTL) of 1: it reaches processes of the host, and is "
        "dropped where "
        "the host would forward it to a container on a bridge.",
        "PUTへの応答のホップリミット (TTL) は1です。ホストのプロセスには届きますが、"
        "ブリッジ上のコンテナに転送す"
        "るところで破棄されます。",
    ),
    "aws.imds.hops": (
        "The answer to PUT has a hop limit (TTL) of {0}: enough for a container on a bridge of the host.",
        "PUTへの応答のホップリミット (TTL) は{0}です。ホストのブリッジ上のコンテナにも届きます。",
    ),
}
