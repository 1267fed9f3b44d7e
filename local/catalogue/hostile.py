"""What nobody types who means well. Every field that becomes part of an address refuses each of these."""

HOSTILE = (
    # Another host, hidden in the parts of a URL.
    *("evil.example@shop.example.com", "u:p@shop.example.com", "https://u@shop.example.com", "shop.example.com@evil.example"),
    *("shop.example.com:8080", "https://shop.example.com:443/", "shop.example.com#.evil.example", "shop.example.com?x=y"),
    *("shop.example.com\\.evil.example", "https:/\\evil.example", "//evil.example", "///evil.example", "https://https://x.example"),
    *("ftp://shop.example.com", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "gopher://shop.example.com"),
    *("http://shop.example.com", "HTTP://shop.example.com/", "http:shop.example.com"),
    # Lines, and what is none but looks like it.
    *("shop.example.com\n", "\nshop.example.com", "shop.example.com\r\nHost: evil", "shop.example.com\x00", "sh\top.example.com"),
    *("shop.example.com\u2028", "shop。example。com", "shop.example.com．evil.example", "ѕhop.example.com", "é.example", "ⅹ.example"),
    # Addresses, and names of our own network.
    *("127.0.0.1", "https://127.0.0.1/", "169.254.169.254", "10.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1"),
    *("[::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "::1", "fd00::1", "1.2.3.4.5"),
    *("localhost.", "shop.localhost", "printer.local", "db.internal", "router.lan", "x.home.arpa", "x.onion", "x.invalid"),
    # Paths that lead out, templates, and too much of it.
    *("shop.example.com/..", "shop.example.com/../x", "shop.example.com/./x", "shop.example.com//x", "shop.example.com/%2e%2e/x"),
    *("shop.example.com/a/b/c/d/e", "shop.example.com/x;y", "shop.example.com/{tenant}", "{tenant}", "${jndi:ldap://x}"),
    *("shop..example.com", ".example.com", "-shop.example.com", "shop-.example.com", "sh_op.example.com", "shop.example.com."),
    *("shop example.com", "shop.example.com/a b", "a" * 64 + ".example.com", "a." * 130 + "example.com", "%73hop.example.com"),
    *("", " ", ".", "/", "https://", "<script>", "'; DROP TABLE x", "x.example.c", "x.123"),
)  # fmt: skip

# Around a good value: what a check of its beginning, its end or its middle would let in.
WRAPPED = (
    *(
        "{}@evil.example",
        "evil.example@{}",
        "u:p@{}",
        "{}:8080",
        "{}#.evil.example",
        "evil.example#{}",
        "{}?.evil.example",
    ),
    *(
        "evil.example?{}",
        "{}\\.evil.example",
        "evil.example\\{}",
        "{}\n",
        "\n{}",
        "{}\r\nHost: evil",
        "{}\x00",
        "{}/../x",
        "{}//x",
    ),
    *("http://{}", "https://https://{}", "//{}", "{}%00", "{} evil.example", "{}\u2028"),
)
"""For every field."""
ELSEWHERE = ("{}.evil.example", "evil.example/{}", "evil-{}.evil.example", "https://evil.example/{}")
"""For fields whose domain is the app's own; where any public name is good, these are."""
