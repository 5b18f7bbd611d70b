/** Words for what the API says by code: problems and issues. English comes ready from the server, Chinese is made from code and params. */
import type { Issue } from '../../contract/issue.ts'
import { ApiProblem } from './api-client.ts'
import type { Language } from './format.ts'
import { words } from './i18n.ts'

/** One sentence for a failure. */
export function wordProblem(error: unknown): string {
  if (!(error instanceof ApiProblem)) return words('errors.unexpected')
  const found = optional(`errors.${error.code}`, {
    seconds: error.problem?.retryAfterSeconds ?? 0,
    live: error.problem?.liveGeneration ?? 0,
  })
  return found ?? sentence(error.message)
}

/** One sentence for an issue, with its remedy apart. */
export function wordIssue(issue: Issue, language: Language): { readonly text: string; readonly remedy: string } {
  if (language === 'zh-CN') {
    const params = { ...issue.params, context: contextOf(issue) }
    const text = optional(`issues.${issue.code}`, params)
    if (text !== undefined) return { text, remedy: optional(`remedies.${issue.code}`, params) ?? '' }
  }
  return { text: sentence(issue.message), remedy: sentence(issue.suggestion) }
}

function optional(key: string, params: Readonly<Record<string, unknown>>): string | undefined {
  const text = (words as unknown as (key: string, options: object) => string)(key, { ...params, defaultValue: '' })
  return text === '' ? undefined : text
}

/** Variant of an issue's words: a rule without pools, or which limit was passed (`least`, `most`, `above`, `below`). */
function contextOf({ code, path, params }: Issue): string | undefined {
  if (code === 'CONFIG_COUNT' && params.count === 0 && typeof params.line === 'string' && path.endsWith('.pools')) return 'rule'
  return typeof params.bound === 'string' ? params.bound : undefined
}

/** The server's fragments as sentences: first letter large, a full stop at the end. */
export function sentence(text: string): string {
  if (text === '') return ''
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!…。？！]$/.test(text) ? '' : '.')
}
