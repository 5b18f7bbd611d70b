/** The question: client, type, name, resolver. Enter asks; the address of the page is the link to share. */
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useEffect, useState } from 'react'
import { useWords } from '../../lib/i18n.ts'
import { policiesQuery, type Question } from '../../lib/queries.ts'

/** Props; `error` stands under the client. */
export type AskFormProps = { readonly question: Question; readonly ask: (question: Question) => void; readonly busy: boolean }

const TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'NS', 'SOA', 'SRV', 'CAA', 'PTR']

/** What stands in the fields; a name that nobody wrote is undefined. */
type Form = Omit<Question, 'name'> & { readonly name: string | undefined }

function formOf(question: Question): Form {
  return { ...question, name: question.name === '' ? undefined : question.name }
}

/** The form. */
export function AskForm({ question, ask, busy }: AskFormProps): ReactElement {
  const { t } = useWords()
  const names = useQuery(policiesQuery('live')).data?.policies.flatMap((policy) => policy.names) ?? []
  const first = names[0]?.name ?? ''
  const [form, setForm] = useState<Form>(() => formOf(question))
  const { client, name, type, resolver } = question
  useEffect(() => setForm(formOf({ client, name, type, resolver })), [client, name, type, resolver])
  const change = (part: Partial<Form>): void => setForm((before) => ({ ...before, ...part }))
  // The field is never empty when there is only one sensible thing to ask for, until somebody empties it.
  const asked = form.name ?? first
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    ask({ client: form.client.trim(), name: asked.trim(), type: form.type, resolver: form.resolver?.trim() || undefined })
  }
  const ready = asked.trim() !== '' && (form.client.trim() !== '' || (form.resolver ?? '').trim() !== '')
  return (
    <form className="ask" onSubmit={submit}>
      <div>
        <label className="flabel" htmlFor="explain-client">
          {t('explain.client')}
        </label>
        <div className="field">
          <input
            id="explain-client"
            className="mono"
            spellCheck={false}
            autoComplete="off"
            placeholder="192.0.2.77"
            value={form.client}
            onChange={(event) => change({ client: event.currentTarget.value })}
          />
        </div>
      </div>
      <div>
        <label className="flabel" htmlFor="explain-type">
          {t('explain.type')}
        </label>
        <div className="field">
          <select id="explain-type" value={form.type} onChange={(event) => change({ type: event.currentTarget.value })}>
            {(TYPES.includes(form.type) ? TYPES : [...TYPES, form.type]).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
      </div>
      <div>
        <label className="flabel" htmlFor="explain-name">
          {t('explain.name')}
        </label>
        <div className="field">
          <input
            id="explain-name"
            className="mono"
            list="explain-names"
            spellCheck={false}
            autoComplete="off"
            value={asked}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
          <datalist id="explain-names">
            {names.map((one) => (
              <option key={one.name} value={one.name} />
            ))}
          </datalist>
        </div>
      </div>
      <div>
        <label className="flabel" htmlFor="explain-resolver">
          {t('explain.resolver')}
        </label>
        <div className="field">
          <input
            id="explain-resolver"
            className="mono"
            spellCheck={false}
            autoComplete="off"
            value={form.resolver ?? ''}
            onChange={(event) => change({ resolver: event.currentTarget.value })}
          />
        </div>
      </div>
      <button type="submit" className="btn primary" style={{ height: 32 }} disabled={!ready || busy}>
        {t('explain.ask')}
      </button>
    </form>
  )
}
