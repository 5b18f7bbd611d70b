/** Prefix lists and CSV: what is read, what is wrong in which row, and what is no list at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPrefix } from '../../../../geodata/address/prefix.ts'
import { PrefixSetBuilder, prefixTexts } from '../../../../geodata/address/prefix-list.ts'
import { readNetwork } from '../../../../policy/config/read-network.ts'
import { MAX_PROBLEMS, type PrefixListReading, readPrefixList } from '../../../../policy/config/read-prefix-list.ts'

function read(text: string, most = 1_000_000): PrefixListReading & { readonly prefixes: string[] } {
  const builder = new PrefixSetBuilder()
  const reading = readPrefixList(text, builder, most)
  return { ...reading, prefixes: [...prefixTexts(builder.finish().set)] }
}

const GOOD: [name: string, text: string, prefixes: string][] = [
  ['one a row', '10.0.0.0/8\n2001:db8::/32\n', '10.0.0.0/8 2001:db8::/32'],
  ['without a newline at the end', '10.0.0.0/8', '10.0.0.0/8'],
  ['CRLF, blanks and a byte order mark', '\ufeff10.0.0.0/8\r\n\r\n  11.0.0.0/8  \r\n', '10.0.0.0/8 11.0.0.0/8'],
  ['comments', '# office\n10.0.0.0/8 # ours\n   # nothing\n', '10.0.0.0/8'],
  ['addresses', '192.0.2.1\n2001:db8::1\n::\n0.0.0.0\n', '0.0.0.0/32 192.0.2.1/32 ::/128 2001:db8::1/128'],
  ['ranges', '192.0.2.1-192.0.2.4\n2001:db8:: - 2001:db8::2\n', '192.0.2.1/32 192.0.2.2/31 192.0.2.4/32 2001:db8::/127 2001:db8::2/128'],
  ['everything', '0.0.0.0/0\n::/0\n', '0.0.0.0/0 ::/0'],
  [
    'the last ones',
    '255.255.255.255/32\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128\n',
    '255.255.255.255/32 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
  ],
  ['CSV', '10.0.0.0/8,office,Ningbo\n11.0.0.0/8;home\n12.0.0.0/8\tx\n', '10.0.0.0/8 11.0.0.0/8 12.0.0.0/8'],
  ['a header', 'network,name\n10.0.0.0/8,office\n', '10.0.0.0/8'],
  ['another column by its header', 'name,IP Range,note\n"a, b",10.0.0.0/30,x\nc,10.0.0.8-10.0.0.9,\n', '10.0.0.0/30 10.0.0.8/31'],
  ['a header behind a comment', '# list\n网段\n10.0.0.0/8\n', '10.0.0.0/8'],
  ['quotes', '"10.0.0.0/8","a ""quoted"", name"\n"2001:db8::/32"\n', '10.0.0.0/8 2001:db8::/32'],
  [
    'IPv6 in all its forms',
    '2001:DB8::/32\n2001:0db8:1::/48\n::1/128\n1::/16\n1:2:3:4:5:6:7:8\n64:ff9b::192.0.2.1/128\n',
    '::1/128 1::/16 1:2:3:4:5:6:7:8/128 64:ff9b::c000:201/128 2001:db8::/32 2001:db8:1::/48',
  ],
]

for (const [name, text, prefixes] of GOOD) {
  test(`a prefix list with ${name}`, () => {
    const reading = read(text)
    assert.deepEqual(reading.problems, [])
    assert.equal(reading.refused, undefined)
    assert.equal(reading.prefixes.join(' '), prefixes)
  })
}

const WRONG: [row: string, reason: RegExp, remedy: RegExp][] = [
  ['10.1.2.3/8', /bits set behind its length/, /"10\.0\.0\.0\/8"/],
  ['2001:db8::1/32', /bits set behind its length/, /"2001:db8::\/32"/],
  ['10.0.0.0/33', /IPv4 has lengths from 0 to 32/, /192\.0\.2\.0\/24/],
  ['2001:db8::/129', /IPv6 has lengths from 0 to 128/, /2001:db8::\/32/],
  ['::ffff:10.0.0.0/104', /IPv4 network in IPv6 form/, /"10\.0\.0\.0\/8"/],
  ['::ffff:a00:1', /IPv4 network in IPv6 form/, /"10\.0\.0\.1\/32"/],
  ['10.0.0.0/255.0.0.0', /written as a mask/, /"10\.0\.0\.0\/8"/],
  ['010.0.0.0/8', /leading zeros/, /without them/],
  ['10.0.0.256', /no prefix, address or range/, /192\.0\.2\.1/],
  ['10.0.0/24', /no prefix/, /192/],
  ['10.0.0.0/', /no prefix/, /192/],
  ['10.0.0.0/08', /no prefix/, /192/],
  ['10.0.0.9-10.0.0.1', /ends before it begins/, /"10\.0\.0\.1-10\.0\.0\.9"/],
  ['10.0.0.1-2001:db8::1', /begins in one family/, /two ranges/],
  ['::ffff:10.0.0.1-::ffff:10.0.0.2', /IPv4 range in IPv6 form/, /decimal/],
  ['10.0.0.1-10.0.0.2-10.0.0.3', /no range/, /192/],
  ['10.0.0.0,10.0.0.255', /two addresses/, /"10\.0\.0\.0-10\.0\.0\.255"/],
  ['"10.0.0.0/8', /quotes do not close/, /same row/],
  [',office', /empty/, /delete the row/],
  ['fe80::1%eth0', /no prefix/, /192/],
  ['example.com', /no prefix/, /192/],
  ['2001:db8:::/32', /no prefix/, /192/],
  ['1:2:3:4:5:6:7:8:9', /no prefix/, /192/],
  ['12345::/16', /no prefix/, /192/],
]

test('each wrong row is told with its number, its reason and what to write, and hides no other', () => {
  const text = `# head\n9.0.0.0/8\n${WRONG.map(([row]) => row).join('\n')}\n11.0.0.0/8\n`
  const { problems, prefixes, wrong, rows } = read(text)
  assert.deepEqual(prefixes, ['9.0.0.0/8', '11.0.0.0/8'])
  assert.deepEqual([wrong, rows], [WRONG.length, 2])
  for (const [n, [row, reason, remedy]] of WRONG.entries()) {
    const problem = problems[n]!
    assert.equal(problem.line, n + 3, row)
    assert.match(problem.reason, reason, row)
    assert.match(problem.remedy, remedy, row)
  }
})

const REFUSED: [name: string, text: string, line: number, reason: RegExp][] = [
  ['a web page', '\n<!DOCTYPE html><html><body>not found</body></html>', 1, /web page/],
  ['XML', '<?xml version="1.0"?><list/>', 1, /web page/],
  ['JSON', '{"prefixes": ["10.0.0.0/8"]}', 1, /JSON/],
  ['gzip', '\u001f\u008b\u0008\0\0', 1, /compressed/],
  ['zip', 'PK\u0003\u0004', 1, /compressed/],
  ['NUL', '10.0.0.0/8\n11.0.0.0/8\n\0\n', 3, /NUL/],
  ['GB18030', `10.0.0.0/8\n11.0.0.0/8 # ${Buffer.from('d5e3bdad', 'hex').toString('utf8')}\n`, 2, /no text in UTF-8/],
  ['UTF-16', '1\u00000\u0000.\u0000', 1, /NUL/],
  ['a row without an end', `10.0.0.0/8\n${'1,'.repeat(3000)}`, 2, /4096 characters/],
  ['nothing but rubbish', 'x\n'.repeat(20_000), 10_001, /10000 rows/],
]

for (const [name, text, line, reason] of REFUSED) {
  test(`a prefix list that is ${name} is refused`, () => {
    const { refused, problems } = read(text)
    assert.equal(refused?.line, line)
    assert.match(refused.reason, reason)
    assert.ok(problems.length <= MAX_PROBLEMS)
  })
}

test('more networks than there is room for stop the reading, those of ranges counted one by one', () => {
  assert.equal(read('10.0.0.0/8\n11.0.0.0/8\n12.0.0.0/8\n13.0.0.0/8\n', 2).rows, 3)
  assert.equal(read('10.0.0.1-10.0.0.254\n11.0.0.0/8\n', 5).rows, 1)
  assert.equal(read('10.0.0.0/8\n11.0.0.0/8\n', 2).rows, 2)
})

test('the fast ways of reading a row agree with the slow one', () => {
  const pieces = [
    '0',
    '1',
    '10',
    '255',
    '256',
    '01',
    '2001',
    'db8',
    'FFFF',
    'fffff',
    ':',
    '::',
    '.',
    '/',
    '-',
    '32',
    '128',
    '33',
    '129',
    '0',
  ]
  let state = 20261121
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  let good = 0
  const forms = [
    () => `${next() % 300}.${next() % 256}.0.0/${next() % 34}`,
    () => `${next() % 256}.${next() % 256}.${next() % 256}.${next() % 256}`,
    () => `${(next() % 0x1ffff).toString(16)}:${(next() % 0x10000).toString(16)}::/${next() % 130}`,
    () => Array.from({ length: 7 + (next() % 3) }, () => (next() % 0x10000).toString(16)).join(':'),
    () => `::${(next() % 0x10000).toString(16)}:${(next() % 0x10000).toString(16)}/${100 + (next() % 30)}`,
    () => Array.from({ length: 1 + (next() % 9) }, () => pieces[next() % pieces.length]!).join(''),
  ]
  for (let n = 0; n < 30_000; n++) {
    const row = forms[n % forms.length]!()
    const slow = readNetwork(row)
    const { prefixes, problems } = read(row)
    if ('reason' in slow) assert.equal(problems.length, 1, row)
    else {
      good++
      assert.deepEqual(prefixes, slow.map(formatPrefix), row)
    }
  }
  assert.ok(good > 3000)
})
