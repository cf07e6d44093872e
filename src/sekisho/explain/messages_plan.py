"""What a plan leans on or leaves open, and docker-proxy's part of a trace."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "trace.onward": ("docker-proxy to the container", "docker-proxyからコンテナへ"),
    "trace.onward-reply": ("the container to docker-proxy", "コンテナからdocker-proxyへ"),
    "proxy-target-unknown": (
        "docker-proxy accepts the connection; to which container it goes on is not known (Docker's own state"
        " was not captured)",
        "接続はdocker-proxyが受け付ける。その先のコンテナは不明 (Docker自身の状態が取得されていない)",
    ),
}
