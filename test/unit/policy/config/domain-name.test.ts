import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ancestorsOf, isAtOrBelow, readDomainName } from '../../../../policy/config/domain-name.ts'
import { suggestNearest } from '../../../../policy/config/suggest-nearest.ts'

const names: readonly { readonly given: readonly [string, string?]; readonly expected: string | RegExp }[] = [
  { given: ['Example.COM.'], expected: 'example.com.' },
  { given: ['example.com'], expected: 'example.com.' },
  { given: ['www', 'example.com.'], expected: 'www.example.com.' },
  { given: ['www.', 'example.com.'], expected: 'www.' },
  { given: ['@', 'example.com.'], expected: 'example.com.' },
  { given: ['*', 'example.com.'], expected: '*.example.com.' },
  { given: ['.'], expected: '.' },
  { given: ['a\\.b.example.'], expected: 'a\\.b.example.' },
  { given: ['a\\046b.example.'], expected: 'a\\.b.example.' },
  { given: ['\\065.example.'], expected: 'a.example.' },
  { given: ['a\\ b.example.'], expected: 'a\\032b.example.' },
  { given: ['a..b.'], expected: /empty label/ },
  { given: [''], expected: /empty label/ },
  { given: ['.a'], expected: /empty label/ },
  { given: ['a b.'], expected: /space/ },
  { given: ['宁波.cn.'], expected: /outside ASCII; write "xn--w9s671b\.cn\."/ },
  { given: ['*.é'], expected: /write "\*\.xn--9ca"/ },
  { given: ['a\\é.cn.'], expected: /write its "xn--" form/ },
  { given: ['é/.cn.'], expected: /write its "xn--" form/ },
  { given: ['a\\999.'], expected: /octet/ },
  { given: ['a\\1b.'], expected: /three digits/ },
  { given: [`${'a'.repeat(63)}.`], expected: `${'a'.repeat(63)}.` },
  { given: [`${'a'.repeat(64)}.`], expected: /63/ },
  { given: [`${`${'a'.repeat(62)}.`.repeat(4)}`], expected: `${'a'.repeat(62)}.`.repeat(4) },
  { given: [`${`${'a'.repeat(63)}.`.repeat(4)}`], expected: /255/ },
]
for (const { given, expected } of names) {
  test(`readDomainName reads ${JSON.stringify(given).slice(0, 60)}`, () => {
    const read = readDomainName(...given)
    if (typeof expected === 'string') assert.deepEqual(read, { ok: true, name: expected })
    else assert.ok(!read.ok && expected.test(read.reason), JSON.stringify(read))
  })
}

test('isAtOrBelow and ancestorsOf do not take an escaped dot for the end of a label', () => {
  assert.ok(isAtOrBelow('a.example.', 'example.'))
  assert.ok(!isAtOrBelow('a\\.example.', 'example.'))
  assert.ok(isAtOrBelow('a\\\\.example.', 'example.'))
  assert.ok(!isAtOrBelow('aexample.', 'example.'))
  assert.deepEqual(ancestorsOf('a\\.b.example.'), ['a\\.b.example.', 'example.', '.'])
  assert.deepEqual(ancestorsOf('.'), ['.'])
})

test('suggestNearest finds slips and forgotten units, and is silent otherwise', () => {
  assert.equal(suggestNearest('ttl', ['name', 'ttlSeconds']), 'ttlSeconds')
  assert.equal(suggestNearest('fallbcak', ['fallback', 'families']), 'fallback')
  assert.equal(suggestNearest('min_up', ['minimumUp', 'members']), undefined)
  assert.equal(suggestNearest('minimum-up', ['minimumUp', 'members']), 'minimumUp')
  assert.equal(suggestNearest('x', ['minimumUp']), undefined)
})
