/** RFC 9471 §3: all in-domain glue or TC; sibling glue as far as it fits, behind the other. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const servers = (cut: string, at: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `${cut} NS ns${i}.${at}\nns${i}.${at} A 192.0.2.${i}\nns${i}.${at} AAAA 2001:db8::${i}`).join(
    '\n',
  )
const both = (name: string): string[] => [`${name} 300 A 192.0.2.0`, `${name} 300 AAAA 2001:db8::`]
checkSection(
  'RFC 9471 §3',
  {
    zones: {
      'z.': `${APEX}${servers('one', 'one', 1)}\n${servers('many', 'many', 13)}\n${servers('sib', 'hosts', 13)}\n${servers('fill', 'a.hosts', 12)}
fill NS zz.fill\nzz.fill A 192.0.2.99\nother NS ns0.one\nauth NS www\nwww A 192.0.2.1\nwild NS q.w\n*.w A 192.0.2.5\nbelow NS ns.below
*.below A 192.0.2.6
out NS ns.else.\n`,
    },
  },
  [
    ['§3.1 in-domain glue', { name: 'x.one.z' }, { aa: false, additionals: both('ns0.one.z') }],
    ['§3.1 in-domain glue that does not fit: TC', { name: 'x.many.z' }, { aa: false, tc: true, authorities: [] }],
    ['§3.1 by TCP all of it', { name: 'x.many.z', tcp: true }, { aa: false, tc: false }],
    ['§3.2 sibling glue is no reason for TC', { name: 'x.sib.z' }, { aa: false, tc: false }],
    ['§3.1 sibling glue does not take the room of in-domain glue', { name: 'x.fill.z' }, { aa: false, tc: false }],
    ['§3.2 sibling glue below another cut', { name: 'x.other.z' }, { aa: false, additionals: both('ns0.one.z') }],
    ['an address of the zone itself', { name: 'x.auth.z' }, { aa: false, additionals: ['www.z 300 A 192.0.2.1'] }],
    ['an address by a wildcard', { name: 'x.wild.z' }, { aa: false, additionals: ['q.w.z 300 A 192.0.2.5'] }],
    ['in-domain glue by a wildcard', { name: 'x.below.z' }, { aa: false, additionals: ['ns.below.z 300 A 192.0.2.6'] }],
    ['a server elsewhere', { name: 'x.out.z' }, { aa: false, additionals: [] }],
  ],
)
