/** RFC 1034 §6.2: the standard queries over the example of §6.1, as C.ISI.EDU answers them. */
import { checkSection } from '../../support/conformance.ts'

checkSection(
  'RFC 1034 §6.2',
  {
    zones: {
      '.': `$TTL 86400
@ SOA SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870611 1800 300 604800 86400
@ NS A.ISI.EDU.
@ NS C.ISI.EDU.
@ NS SRI-NIC.ARPA.
MIL. NS SRI-NIC.ARPA.
MIL. NS A.ISI.EDU.
SRI-NIC.ARPA. A 26.0.0.73
SRI-NIC.ARPA. A 10.0.0.51
SRI-NIC.ARPA. MX 0 SRI-NIC.ARPA.
SRI-NIC.ARPA. HINFO DEC-2060 TOPS20
ACC.ARPA. A 26.6.0.65
USC-ISIC.ARPA. CNAME C.ISI.EDU.
A.ISI.EDU. A 26.3.0.103
C.ISI.EDU. A 10.0.0.52
`,
    },
  },
  [
    [
      '6.2.1 QNAME=SRI-NIC.ARPA, QTYPE=A',
      { name: 'SRI-NIC.ARPA' },
      { answers: ['SRI-NIC.ARPA 86400 A 26.0.0.73', 'SRI-NIC.ARPA 86400 A 10.0.0.51'] },
    ],
    [
      '6.2.3 QTYPE=MX',
      { name: 'SRI-NIC.ARPA', type: 'MX' },
      {
        answers: ['SRI-NIC.ARPA 86400 MX 0 SRI-NIC.ARPA'],
        additionals: ['SRI-NIC.ARPA 86400 A 26.0.0.73', 'SRI-NIC.ARPA 86400 A 10.0.0.51'],
      },
    ],
    ['6.2.4 QTYPE=NS: no such type', { name: 'SRI-NIC.ARPA', type: 'NS' }, { answers: [] }],
    ['6.2.5 QNAME=SIR-NIC.ARPA: no such name', { name: 'SIR-NIC.ARPA' }, { rcode: 'NXDOMAIN', answers: [] }],
    [
      '6.2.6 QNAME=BRL.MIL: a referral',
      { name: 'BRL.MIL' },
      {
        aa: false,
        answers: [],
        // A name in rdata comes as a pointer to where it was written first: in its letters there.
        additionals: ['SRI-NIC.ARPA 86400 A 26.0.0.73', 'SRI-NIC.ARPA 86400 A 10.0.0.51', 'A.ISI.EDU 86400 A 26.3.0.103'],
      },
    ],
    [
      '6.2.7 QNAME=USC-ISIC.ARPA, QTYPE=A: an alias followed',
      { name: 'USC-ISIC.ARPA' },
      { answers: ['USC-ISIC.ARPA 86400 CNAME C.ISI.EDU', 'C.ISI.EDU 86400 A 10.0.0.52'] },
    ],
    ['6.2.8 QTYPE=CNAME', { name: 'USC-ISIC.ARPA', type: 'CNAME' }, { answers: ['USC-ISIC.ARPA 86400 CNAME C.ISI.EDU'] }],
  ],
)
