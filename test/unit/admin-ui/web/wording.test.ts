/** Issues as sentences, in both languages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import i18next from 'i18next'
import type { Issue } from '../../../../admin-ui/contract/issue.ts'
import { zhCN } from '../../../../admin-ui/web/lib/messages/zh-CN.ts'
import { sentence, wordIssue } from '../../../../admin-ui/web/lib/wording.ts'
import { type IssueDraft, makeIssue } from '../../../../policy/config/config-issue.ts'

await i18next.init({
  lng: 'zh-CN',
  resources: { 'zh-CN': { translation: zhCN } },
  interpolation: { escapeValue: false },
  showSupportNotice: false,
} as Parameters<typeof i18next.init>[0])

const issueOf = (code: IssueDraft['code'], params: IssueDraft['params'], path = 'probes[0].port'): Issue => {
  const { message, suggestion, severity } = makeIssue({ code, path: [], params }, { file: '', line: 1, column: 1 })
  return { code, severity, path, params, message, suggestion, where: null }
}

const RULE = 'policies[0].rules[2].pools'
const cases: readonly { readonly issue: Issue; readonly en: string; readonly zh: string }[] = [
  {
    issue: issueOf('CONFIG_COUNT', { owner: 'rule "cn-33"', key: 'pools', count: 0, bound: 'least', limit: 1, line: 'cn-33' }, RULE),
    en: 'Rule "cn-33" has no pools. Give it at least 1.',
    zh: '规则 cn-33 没有地址池。 请至少放入一个地址池，或移除此规则。',
  },
  {
    issue: issueOf('CONFIG_COUNT', { owner: 'rule "cn-33"', key: 'pools', count: 65, bound: 'most', limit: 64 }, RULE),
    en: 'Rule "cn-33" has 65 pools. Leave at most 64.',
    zh: 'rule "cn-33" 的 pools 有 65 项，最多 64 项。',
  },
  {
    issue: issueOf('CONFIG_RANGE', { key: 'port', value: '70000', bound: 'most', limit: 65535 }),
    en: '"port" is out of range: 70000. Write a number of at most 65535.',
    zh: '“port”超出范围：70000，最多为 65535。',
  },
  {
    issue: issueOf('CONFIG_RANGE', { key: 'x', value: '0', bound: 'above', limit: 0 }),
    en: '"x" is out of range: 0. Write a number above 0.',
    zh: '“x”超出范围：0，应大于 0。',
  },
  {
    issue: issueOf('CONFIG_LENGTH', { key: 'host', count: 0, bound: 'least', limit: 1 }),
    en: '"host" is empty. Write at least 1 character.',
    zh: '“host”有 0 个字符，至少应有 1 个。',
  },
]

for (const { issue, en, zh } of cases) {
  test(`wordIssue, ${en}`, () => {
    const shown = (language: 'en' | 'zh-CN') => {
      const { text, remedy } = wordIssue(issue, language)
      return [text, remedy].filter((part) => part !== '').join(' ')
    }
    assert.equal(shown('en'), en)
    assert.equal(shown('zh-CN'), zh)
  })
}

test('sentence begins large and ends with one stop', () => {
  const given = ['', 'a', 'did you mean "b"?', 'done.', '"x" is empty']
  assert.deepEqual(given.map(sentence), ['', 'A.', 'Did you mean "b"?', 'Done.', '"x" is empty.'])
})
