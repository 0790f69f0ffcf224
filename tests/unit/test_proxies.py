"""Which way a request goes, by the settings that every HTTP program shares."""

from __future__ import annotations

import pytest

from daypass.proxies import proxy_for

PROXY = "http://proxy.example:3128"


class TestProxy:
    @pytest.mark.parametrize(
        ("host", "environ", "proxy"),
        [
            ("graph.microsoft.com", {}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY}, PROXY),
            ("graph.microsoft.com", {"https_proxy": PROXY}, PROXY),
            ("graph.microsoft.com", {"ALL_PROXY": PROXY}, PROXY),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "ALL_PROXY": "http://other:1"}, PROXY),
            ("graph.microsoft.com", {"HTTP_PROXY": PROXY}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
            ("graph.microsoft.com", {"HTTPS_PROXY": ""}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "graph.microsoft.com"}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "microsoft.com"}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "no_proxy": ".microsoft.com"}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.Microsoft.com"}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "contoso.example, microsoft.com ,x"}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, ""),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "soft.com"}, PROXY),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "microsoft.com.example"}, PROXY),
            ("graph.microsoft.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": ",, ,"}, PROXY),
            ("localhost", {"HTTPS_PROXY": PROXY}, ""),
            ("127.0.0.1", {"HTTPS_PROXY": PROXY}, ""),
            ("127.1.2.3", {"ALL_PROXY": PROXY}, ""),
            ("::1", {"HTTPS_PROXY": PROXY}, ""),
            ("localhost.example", {"HTTPS_PROXY": PROXY}, PROXY),
        ],
    )
    def test_the_way_to_a_host(self, host: str, environ: dict[str, str], proxy: str) -> None:
        assert proxy_for(host, environ) == proxy
