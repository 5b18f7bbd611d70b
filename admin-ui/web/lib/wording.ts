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
  return found ?? capital(error.message)
}

/** One sentence for an issue, with its remedy apart. */
export function wordIssue(issue: Issue, language: Language): { readonly text: string; readonly remedy: string } {
  if (language === 'zh-CN') {
    const text = optional(`issues.${issue.code}`, issue.params)
    if (text !== undefined) return { text, remedy: optional(`remedies.${issue.code}`, issue.params) ?? '' }
  }
  return { text: capital(issue.message), remedy: capital(issue.suggestion) }
}

function optional(key: string, params: Readonly<Record<string, unknown>>): string | undefined {
  const text = (words as unknown as (key: string, options: object) => string)(key, { ...params, defaultValue: '' })
  return text === '' ? undefined : text
}

/** First letter large: the server's fragments as sentences. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
