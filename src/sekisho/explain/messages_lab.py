"""The words of the lab: what this machine can do, marks of a trace, results of a comparison.

id -> (English, Japanese); the arguments' places are {0}, {1}...
"""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------------------- doctor
    "lab.doctor.linux": ("Linux (this machine runs {0})", "Linux (このマシンは {0})"),
    "lab.doctor.command": ("the command {0}", "コマンド {0}"),
    "lab.doctor.root": ("network, process and mount namespaces as root", "rootでの名前空間 (net, pid, mnt)"),
    "lab.doctor.rootless": (
        "labs without root, in a user namespace",
        "root権限なしのラボ (ユーザー名前空間)",
    ),
    "lab.doctor.userns": ("labs of other users, without root", "ほかのユーザーのroot権限なしのラボ"),
    "lab.doctor.netem": ("delay and loss on links (netem)", "リンクの遅延と損失 (netem)"),
    "lab.doctor.tbf": ("a rate on links (tbf)", "リンクの帯域制限 (tbf)"),
    "lab.doctor.nftrace": ("the kernel's own steps in lab trace", "lab traceでのカーネル自身のステップ"),
    "lab.doctor.br_netfilter": (
        "iptables on bridged packets (br_netfilter)",
        "ブリッジを通るパケットのiptables (br_netfilter)",
    ),
    "lab.doctor.yes": ("yes", "可"),
    "lab.doctor.no": ("no", "不可"),
    "lab.doctor.remedy": ("mend it with:  {0}", "直すには:  {0}"),
    "lab.doctor.ready": ("Labs can stand here.", "ここでラボを動かせます。"),
    "lab.doctor.not-ready": ("No lab can stand here.", "ここではラボを動かせません。"),
    # -------------------------------------------------------------------------------- trace
    "lab.trace.forward": ("Forward", "行き"),
    "lab.trace.onward": ("docker-proxy's own connection", "docker-proxy自身のコネクション"),
    "lab.trace.onward-reply": ("Its reply", "その戻り"),
    "lab.trace.reply": ("Reply", "戻り"),
    "lab.trace.in": ("in by {0}", "{0} から入る"),
    "lab.trace.local": ("sent by a local process", "ローカルのプロセスが送信"),
    "lab.trace.out": ("out by {0}", "{0} から出る"),
    "lab.trace.taken": ("taken", "受け取る"),
    "lab.trace.legend": (
        "=  model and kernel    M  model only    K  kernel only    blank: what the kernel does not tell",
        "=  モデルとカーネル    M  モデルのみ    K  カーネルのみ    空白: カーネルが報告しないもの",
    ),
    "lab.trace.not-seen": ("not seen by the kernel", "カーネルでは見えない"),
    "lab.trace.not-expected": ("not in the model", "モデルにはない"),
    "lab.trace.model": ("model:   {0}", "モデル:    {0}"),
    "lab.trace.kernel": ("kernel:  {0}", "カーネル:  {0}"),
    "lab.trace.agree": ("model and kernel agree", "モデルとカーネルは一致"),
    "lab.trace.disagree": ("model and kernel disagree", "モデルとカーネルは不一致"),
    "lab.trace.undetermined": ("the model cannot say", "モデルでは判定できない"),
    # ------------------------------------------------------------------------------- results
    "lab.answered": ("answered", "応答あり"),
    "lab.answered-by": ("answered by {0}, which sees {1}", "{0} が応答 (見えた送信元は {1})"),
    "lab.no-answer": ("no answer", "応答なし"),
    "lab.refused": ("refused ({0})", "拒否 ({0})"),
    "lab.stopped": ("{0} at {1}", "{1} で{0}"),
    "lab.stopped-unseen": ("no answer: the reply does not come back", "応答なし: 戻りが届かない"),
    "lab.accepted": ("taken by docker-proxy, then silence", "docker-proxyが受け、その先は無応答"),
    "lab.verify.summary": (
        "{0} pairs: {1} agree, {2} disagree, {3} undetermined ({4} answered)",
        "{0}組: 一致 {1}、不一致 {2}、判定できない {3} (応答あり {4})",
    ),
    "lab.flows.summary": (
        "{0} flows, {1} packets: {2} agree, {3} disagree, {4} undetermined",
        "フロー{0}件、パケット{1}個: 一致 {2}、不一致 {3}、判定できない {4}",
    ),
    "lab.flows.covered": (
        "{0} of {1} rules and routes hit; the others no packet from a place that is known hits",
        "ルールと経路 {1} 件のうち {0} 件に当たった。残りに当たるパケットは、分かっている場所からはない",
    ),
    "lab.flows.missed": ("not hit: {0}", "当たらず: {0}"),
    "lab.flows.undetermined": ("{0} undetermined: {1}", "判定できない {0}件: {1}"),
    "lab.flows.first": ("first packet:  {0}", "最初のパケット:  {0}"),
    "lab.flows.reply": ("reply:  {0}", "応答:  {0}"),
    "lab.flows.later": ("next packet:  {0}", "次のパケット:  {0}"),
    "lab.set.unchanged": ("nothing changes among {0} pairs", "{0}組のどれも変わらない"),
    "lab.set.changed": ("{0} of {1} pairs change:", "{1}組のうち{0}組が変わる:"),
    "lab.set.became": ("{0}; now {1}", "{0} → {1}"),
}
