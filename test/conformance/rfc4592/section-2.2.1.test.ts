/** RFC 4592 §2.2.1: the example zone, what is synthesized from its wildcard and what is not. */
import { checkSection } from '../../support/conformance.ts'

const SOA = 'example 60 SOA ns.example.com host.example 1 3600 600 86400 60'
checkSection(
  'RFC 4592 §2.2.1',
  {
    zones: {
      'example.': `$TTL 3600
@ SOA ns.example.com. host 1 3600 600 86400 60
@ NS ns.example.com.
@ NS ns.example.net.
* TXT "this is a wildcard"
* MX 10 host1
sub.* TXT "this is not a wildcard"
host1 A 192.0.2.1
_ssh._tcp.host1 SRV 0 0 22 host1
_ssh._tcp.host2 SRV 0 0 22 host1
subdel NS ns.example.com.
subdel NS ns.example.net.
`,
    },
  },
  [
    ['host3.example. MX: synthesized', { name: 'host3.example', type: 'MX' }, { answers: ['host3.example 3600 MX 10 host1.example'] }],
    ['host3.example. A: the wildcard has no A', { name: 'host3.example' }, { answers: [], authorities: [SOA] }],
    [
      'foo.bar.example. TXT: several labels',
      { name: 'foo.bar.example', type: 'TXT' },
      { answers: ['foo.bar.example 3600 TXT "this is a wildcard"'] },
    ],
    ['host1.example. MX: the name exists', { name: 'host1.example', type: 'MX' }, { answers: [], authorities: [SOA] }],
    ['sub.*.example. MX: the name exists', { name: 'sub.*.example', type: 'MX' }, { answers: [], authorities: [SOA] }],
    [
      '_telnet._tcp.host1.example. SRV: an empty non-terminal blocks',
      { name: '_telnet._tcp.host1.example', type: 'SRV' },
      { rcode: 'NXDOMAIN', answers: [] },
    ],
    ['host.subdel.example. A: delegated', { name: 'host.subdel.example' }, { aa: false, answers: [] }],
    [
      'ghost.*.example. MX: the wildcard itself is the closest encloser',
      { name: 'ghost.*.example', type: 'MX' },
      { rcode: 'NXDOMAIN', answers: [] },
    ],
    [
      '*.example. asked for as it stands (§2.1.3)',
      { name: '*.example', type: 'TXT' },
      { answers: ['*.example 3600 TXT "this is a wildcard"'] },
    ],
    ['_tcp.host1.example. A: an empty non-terminal (§2.2.2)', { name: '_tcp.host1.example' }, { answers: [], authorities: [SOA] }],
  ],
)
