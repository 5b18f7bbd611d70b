/**
 * Anycast public resolvers: network, id, English and Chinese name. Kept by hand; 2026-11-21. Source: the service addresses that each operator
 * publishes for its users (dns.google, 1.1.1.1, quad9.net, opendns.com, dns.yandex.com, adguard-dns.io, alidns.com, dnspod.cn, 114dns.com,
 * dudns.baidu.com, sdns.cn, 101.101.101.101), as facts; compared with lists in public repositories. A /24 or /48 where nothing else is in it.
 * Networks that these services send their queries from are not here: the operators change them too often (Google's alone are hundreds).
 */
export const PUBLIC_RESOLVERS: string = `\
8.8.8.0/24|google|Google Public DNS|谷歌公共 DNS
8.8.4.0/24|google|Google Public DNS|谷歌公共 DNS
2001:4860:4860::/48|google|Google Public DNS|谷歌公共 DNS
1.1.1.0/24|cloudflare|Cloudflare 1.1.1.1|Cloudflare 1.1.1.1
1.0.0.0/24|cloudflare|Cloudflare 1.1.1.1|Cloudflare 1.1.1.1
2606:4700:4700::/48|cloudflare|Cloudflare 1.1.1.1|Cloudflare 1.1.1.1
9.9.9.0/24|quad9|Quad9|Quad9
149.112.112.0/24|quad9|Quad9|Quad9
2620:fe::/48|quad9|Quad9|Quad9
208.67.222.0/24|opendns|OpenDNS|OpenDNS
208.67.220.0/24|opendns|OpenDNS|OpenDNS
2620:0:ccc::/48|opendns|OpenDNS|OpenDNS
2620:0:ccd::/48|opendns|OpenDNS|OpenDNS
2620:119:35::/48|opendns|OpenDNS|OpenDNS
2620:119:53::/48|opendns|OpenDNS|OpenDNS
77.88.8.0/24|yandex|Yandex DNS|Yandex DNS
2a02:6b8::feed:0/112|yandex|Yandex DNS|Yandex DNS
2a02:6b8:0:1::feed:0/112|yandex|Yandex DNS|Yandex DNS
94.140.14.0/24|adguard|AdGuard DNS|AdGuard DNS
94.140.15.0/24|adguard|AdGuard DNS|AdGuard DNS
223.5.5.0/24|alidns|AliDNS|阿里公共 DNS
223.6.6.0/24|alidns|AliDNS|阿里公共 DNS
2400:3200::1|alidns|AliDNS|阿里公共 DNS
2400:3200:baba::1|alidns|AliDNS|阿里公共 DNS
119.29.29.29|dnspod|DNSPod Public DNS|DNSPod 公共 DNS
119.28.28.28|dnspod|DNSPod Public DNS|DNSPod 公共 DNS
182.254.116.116|dnspod|DNSPod Public DNS|DNSPod 公共 DNS
1.12.12.12|dnspod|DNSPod Public DNS|DNSPod 公共 DNS
120.53.53.53|dnspod|DNSPod Public DNS|DNSPod 公共 DNS
2402:4e00::|dnspod|DNSPod Public DNS|DNSPod 公共 DNS
2402:4e00:1::|dnspod|DNSPod Public DNS|DNSPod 公共 DNS
114.114.114.0/24|114dns|114DNS|114DNS
114.114.115.0/24|114dns|114DNS|114DNS
180.76.76.76|baidu|Baidu Public DNS|百度公共 DNS
2400:da00::6666|baidu|Baidu Public DNS|百度公共 DNS
1.2.4.8|cnnic|CNNIC SDNS|CNNIC SDNS
210.2.4.8|cnnic|CNNIC SDNS|CNNIC SDNS
2001:dc7:1000::1|cnnic|CNNIC SDNS|CNNIC SDNS
101.101.101.101|quad101|TWNIC Quad101|TWNIC Quad101
101.102.103.104|quad101|TWNIC Quad101|TWNIC Quad101
2001:de4::101|quad101|TWNIC Quad101|TWNIC Quad101
2001:de4::102|quad101|TWNIC Quad101|TWNIC Quad101
`
