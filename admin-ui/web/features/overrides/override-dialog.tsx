/**
 * Sets an override: target, action, time, reason. While it is filled in the server says what it would hit; what would leave a line on the
 * fallback is ticked before it goes on. The consequence stands in the button.
 */
import { Modal } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, type ReactNode, useId, useState } from 'react'
import type { OverrideAdd, OverrideCheck, OverrideTarget } from '../../../contract/override.ts'
import { OVERRIDE_ACTIONS, OVERRIDE_LIMITS, OVERRIDE_TARGETS } from '../../../contract/override-limits.ts'
import { ErrorLine } from '../../components/panel.tsx'
import { Segments } from '../../components/segments.tsx'
import { StandingMark } from '../../components/standing.tsx'
import { ApiProblem, callApi } from '../../lib/api-client.ts'
import { useWords } from '../../lib/i18n.ts'
import { endpointsQuery, poolsQuery } from '../../lib/queries.ts'
import { showToast } from '../../lib/toast.ts'
import { useNow } from '../../lib/use-now.ts'
import { wordIssue } from '../../lib/wording.ts'
import { useMay } from '../session/use-me.ts'
import { formatMinute } from './override-tag.tsx'
import { endOf, localField, type OverrideEnd, type OverrideForm, type OverrideWhen, wishOf } from './override-wish.ts'

/** Props; `endpoint` is what it is opened for. */
export type OverrideDialogProps = { readonly endpoint?: string; readonly close: () => void }

const LEAVES_FALLBACK = 'OVERRIDE_LEAVES_FALLBACK'
const WHENS: readonly OverrideWhen[] = ['now', 'later', 'windows']
const ENDS: readonly OverrideEnd[] = ['15m', '1h', '4h', 'tomorrow', 'own', 'open']
const LINES_SHOWN = 6
const HOUR_MS = 3_600_000
/** The clock of the preview: asked again only this often. */
const STEP_MS = 60_000

/** The dialog. */
export function OverrideDialog({ endpoint = '', close }: OverrideDialogProps): ReactElement {
  const { t, language } = useWords()
  const queryClient = useQueryClient()
  const now = useNow()
  const mayOpen = useMay('admin')
  const [form, setForm] = useState<OverrideForm>(() => ({
    target: { kind: 'endpoint', value: endpoint },
    action: 'down',
    reason: '',
    drainMinutes: '5',
    when: 'now',
    startsAt: localField(Date.now() + HOUR_MS),
    end: '1h',
    endsAt: localField(Date.now() + 2 * HOUR_MS),
    cron: '0 2 * * 6',
    windowHours: '2',
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }))
  const [accepted, setAccepted] = useState(false)
  const put = (next: Partial<OverrideForm>): void => {
    setForm((before) => ({ ...before, ...next }))
    setAccepted(false)
  }
  const check = useCheck(wishOf(form, Math.floor(now / STEP_MS) * STEP_MS))
  const wish = wishOf(form, now)
  const set = useMutation({
    mutationFn: (body: OverrideAdd) => callApi('addOverride', { body: { ...body, ...(accepted ? { accept: [LEAVES_FALLBACK] } : {}) } }),
    onSuccess: async (added) => {
      showToast({ tone: 'acc', title: t(`overrides.done.${added.action}`, { target: added.target.value }), detail: added.reason }, 8)
      close()
      await queryClient.invalidateQueries()
    },
  })
  const needs = check.data?.needs ?? []
  const problem = set.error instanceof ApiProblem ? set.error.problem : undefined
  const end = endOf(form, now)
  const until = end === undefined || end === null ? '' : formatMinute(end, language, now)
  const blocked = wish === undefined || form.reason.trim() === '' || set.isPending || (needs.length > 0 && !accepted)
  const labels = { end: until === '' ? t('overrides.endOpen') : t('overrides.until', { at: until }) }
  return (
    <Modal opened onClose={close} title={t('overrides.dialog')} size={560} closeButtonProps={{ 'aria-label': t('state.close') }}>
      <div className="stack" style={{ gap: 12 }}>
        <TargetFields target={form.target} put={(target) => put({ target })} />
        <div className="row wrap">
          <Segments
            label={t('overrides.actionLabel')}
            value={form.action}
            options={OVERRIDE_ACTIONS.map((value) => ({ value, label: t(`overrides.action.${value}`) }))}
            onChange={(action) => put({ action })}
          />
          <span className="t3 s12">{t(`overrides.actionHelp.${form.action}`)}</span>
        </div>
        {form.action === 'drain' ? (
          <Field label={t('overrides.drainMinutes')}>
            {(id) => (
              <input
                id={id}
                type="number"
                min={0}
                max={OVERRIDE_LIMITS.drainSeconds / 60}
                value={form.drainMinutes}
                onChange={(event) => put({ drainMinutes: event.currentTarget.value })}
              />
            )}
          </Field>
        ) : null}
        <div className="row wrap">
          <Segments
            label={t('overrides.when')}
            value={form.when}
            options={WHENS.map((value) => ({ value, label: t(`overrides.whenIs.${value}`) }))}
            onChange={(when) => put(when === 'windows' && mayOpen ? { when, end: 'open' } : { when })}
          />
          {form.when === 'later' ? (
            <Field label={t('overrides.from')}>
              {(id) => (
                <input
                  id={id}
                  type="datetime-local"
                  value={form.startsAt}
                  onChange={(event) => put({ startsAt: event.currentTarget.value })}
                />
              )}
            </Field>
          ) : null}
        </div>
        {form.when === 'windows' ? <WindowFields form={form} put={put} /> : null}
        <div className="row wrap">
          <Segments
            label={t('overrides.untilLabel')}
            value={form.end}
            options={ENDS.map((value) => ({ value, label: t(`overrides.ends.${value}`), disabled: value === 'open' && !mayOpen }))}
            onChange={(chosen) => put({ end: chosen })}
          />
          {form.end === 'own' ? (
            <Field label={t('overrides.untilLabel')}>
              {(id) => (
                <input id={id} type="datetime-local" value={form.endsAt} onChange={(event) => put({ endsAt: event.currentTarget.value })} />
              )}
            </Field>
          ) : null}
        </div>
        {mayOpen ? null : <span className="t3 s12">{t('overrides.openNeedsAdmin')}</span>}
        <Field label={t('overrides.reason')}>
          {(id) => (
            <input
              id={id}
              data-autofocus
              value={form.reason}
              maxLength={OVERRIDE_LIMITS.reasonLength}
              placeholder={t('overrides.reasonHint')}
              onChange={(event) => {
                const { value } = event.currentTarget
                setForm((before) => ({ ...before, reason: value }))
              }}
            />
          )}
        </Field>
        <CheckResult check={check.data} error={check.error} accepted={accepted} setAccepted={setAccepted} />
        {set.error === null ? null : <SetProblem error={set.error} issues={problem?.issues ?? []} />}
      </div>
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
        <button type="button" className="btn" onClick={close}>
          {t('state.cancel')}
        </button>
        <button
          type="button"
          className={`btn ${form.action === 'up' ? 'primary' : 'danger'}`}
          disabled={blocked}
          onClick={() => wish !== undefined && set.mutate(wish)}
        >
          {t(`overrides.do.${needs.length > 0 && form.action !== 'up' ? 'anyway' : 'plain'}`, {
            action: t(`overrides.hold.${form.action}`),
            end: labels.end,
          })}
        </button>
      </div>
    </Modal>
  )
}

function useCheck(wish: OverrideAdd | undefined) {
  const body = wish === undefined ? undefined : { ...wish, reason: 'check' }
  return useQuery({
    queryKey: ['override-check', body],
    queryFn: ({ signal }) => callApi('checkOverride', { body: body!, signal }),
    enabled: body !== undefined,
    placeholderData: (previous) => previous,
    retry: false,
    staleTime: 5000,
    gcTime: 10_000,
  })
}

function Field({ label, children }: { readonly label: string; readonly children: (id: string) => ReactNode }): ReactElement {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id} style={{ whiteSpace: 'nowrap' }}>
        {label}
      </label>
      {children(id)}
    </div>
  )
}

/** Kind and value; endpoints, sites and pools are chosen of those that are live. */
function TargetFields({ target, put }: { readonly target: OverrideTarget; readonly put: (target: OverrideTarget) => void }): ReactElement {
  const { t } = useWords()
  const endpoints = useQuery(endpointsQuery()).data?.endpoints ?? []
  const pools = useQuery(poolsQuery('live')).data?.pools ?? []
  const values: Readonly<Record<string, readonly string[]>> = {
    endpoint: endpoints.map(({ id }) => id),
    site: [...new Set(endpoints.map(({ site }) => site).filter((site) => site !== ''))].sort(),
    pool: pools.filter(({ usedBy }) => usedBy.length > 0).map(({ id }) => id),
  }
  const choices = values[target.kind]
  return (
    <div className="row wrap">
      <Segments
        label={t('overrides.targetLabel')}
        value={target.kind}
        options={OVERRIDE_TARGETS.map((value) => ({ value, label: t(`overrides.kind.${value}`) }))}
        onChange={(kind) => put({ kind, value: '' })}
      />
      <Field label={t(`overrides.kind.${target.kind}`)}>
        {(id) =>
          choices === undefined ? (
            <input
              id={id}
              value={target.value}
              placeholder="rack=r1"
              onChange={(event) => put({ ...target, value: event.currentTarget.value })}
            />
          ) : (
            <select id={id} value={target.value} onChange={(event) => put({ ...target, value: event.currentTarget.value })}>
              <option value="">{t('overrides.choose')}</option>
              {choices.map((value) => (
                <option key={value} value={value}>
                  {value}
                </option>
              ))}
            </select>
          )
        }
      </Field>
    </div>
  )
}

function WindowFields({ form, put }: { readonly form: OverrideForm; readonly put: (next: Partial<OverrideForm>) => void }): ReactElement {
  const { t } = useWords()
  return (
    <>
      <div className="row wrap">
        <Field label={t('overrides.cron')}>
          {(id) => (
            <input
              id={id}
              className="mono"
              value={form.cron}
              onChange={(event) => put({ cron: event.currentTarget.value })}
              spellCheck={false}
            />
          )}
        </Field>
        <Field label={t('overrides.windowHours')}>
          {(id) => (
            <input
              id={id}
              type="number"
              min={0.1}
              max={OVERRIDE_LIMITS.windowSeconds[1] / 3600}
              step="any"
              value={form.windowHours}
              onChange={(event) => put({ windowHours: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={t('overrides.zone')}>
          {(id) => <input id={id} value={form.timeZone} onChange={(event) => put({ timeZone: event.currentTarget.value })} />}
        </Field>
      </div>
      <span className="t3 s12">{t('overrides.cronHelp')}</span>
    </>
  )
}

type CheckResultProps = {
  readonly check: OverrideCheck | undefined
  readonly error: Error | null
  readonly accepted: boolean
  readonly setAccepted: (accepted: boolean) => void
}

/** What it would do, as the server sees it. */
function CheckResult({ check, error, accepted, setAccepted }: CheckResultProps): ReactElement | null {
  const { t, language } = useWords()
  const now = useNow()
  if (error !== null) return <SetProblem error={error} issues={error instanceof ApiProblem ? (error.problem?.issues ?? []) : []} />
  if (check === undefined) return null
  const { endpoints, lines, windows, needs } = check
  const weaker = endpoints.filter(({ decides }) => !decides).map(({ endpoint }) => endpoint)
  const first = windows[0]
  const label = (line: OverrideCheck['lines'][number]): string => (language === 'zh-CN' ? line.labelZh : line.labelEn) || line.line
  return (
    <div className={`notice ${lines.length === 0 ? 'acc' : 'degraded'}`} role="status">
      <StandingMark standing={lines.length === 0 ? 'up' : 'degraded'} size={13} />
      <div className="grow">
        <div>
          {t('overrides.hits', { count: endpoints.length, list: endpoints.map(({ endpoint }) => endpoint).join(', ') })}
          {first === undefined || Date.parse(first.from) < now + STEP_MS
            ? ''
            : ` ${t('overrides.hitsFrom', { at: formatMinute(first.from, language, now) })}`}
        </div>
        {weaker.length === 0 ? null : <div>{t('overrides.weaker', { list: weaker.join(', ') })}</div>}
        {lines.length === 0 ? (
          <div>{t('overrides.nobodyLeft')}</div>
        ) : (
          <>
            <div>{t('overrides.left', { count: lines.length })}</div>
            <ul className="leftlines">
              {lines.slice(0, LINES_SHOWN).map((line) => (
                <li key={`${line.policy} ${line.line}`}>
                  {t(`overrides.after.${line.after}`, { line: label(line), policy: line.policy, pool: line.pool })}
                </li>
              ))}
            </ul>
            {lines.length > LINES_SHOWN ? <div>{t('overrides.leftMore', { count: lines.length - LINES_SHOWN })}</div> : null}
          </>
        )}
        {needs.length === 0 ? null : (
          <label className="ackrow">
            <input type="checkbox" checked={accepted} onChange={(event) => setAccepted(event.currentTarget.checked)} />
            {t('overrides.accept')}
          </label>
        )}
      </div>
    </div>
  )
}

function SetProblem({
  error,
  issues,
}: {
  readonly error: Error
  readonly issues: NonNullable<NonNullable<ApiProblem['problem']>['issues']>
}): ReactElement {
  const { language } = useWords()
  if (issues.length === 0) return <ErrorLine error={error} />
  return (
    <div className="notice down" role="alert">
      <StandingMark standing="down" size={13} />
      <div className="grow">
        {issues.map((issue) => {
          const { text, remedy } = wordIssue(issue, language)
          return (
            <div key={`${issue.path} ${issue.message}`}>
              {text} <span className="t3">{remedy}</span>
            </div>
          )
        })}
      </div>
    </div>
  )
}
