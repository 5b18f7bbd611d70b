/** RFC 4343 §3–§4: names match in any case of letters; the owner of an answer has the letters of the question, data keep their own. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

checkSection(
  'RFC 4343 §4',
  {
    zones: {
      'Zone.': `${APEX}WWW A 192.0.2.1\nwww a 192.0.2.2\nMail MX 10 MX.Else.\nptr PTR Host.Else.\nalias CNAME WwW\nDel NS NS.Del\nns.del A 192.0.2.3\n*.W TXT "w"\n`,
    },
  },
  [
    [
      'any case finds the name; the question’s letters come back',
      { name: 'wWw.zOnE' },
      { answers: ['wWw.zOnE 300 A 192.0.2.1', 'wWw.zOnE 300 A 192.0.2.2'] },
    ],
    ['data keep their letters', { name: 'mail.zone', type: 'MX' }, { answers: ['mail.zone 300 MX 10 MX.Else'] }],
    [
      'a pointer lends the letters of where it points to',
      { name: 'ALIAS.zOnE', type: 'CNAME' },
      { answers: ['ALIAS.zOnE 300 CNAME WwW.zOnE'] },
    ],
    ['below a cut', { name: 'X.dEl.zone' }, { aa: false }],
    ['a wildcard', { name: 'Q.w.ZONE', type: 'TXT' }, { answers: ['Q.w.ZONE 300 TXT "w"'] }],
  ],
)
