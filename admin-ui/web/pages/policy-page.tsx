/** The policy editor: matrix or list, the chosen rule, walk a client, issues. Everything goes into my draft 400 ms after the last edit. */
import { Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, type ReactElement, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import type { PolicyObject } from '../../contract/policy.ts'
import { Icon } from '../components/icon.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ErrorLine, Skeleton } from '../components/panel.tsx'
import { Segments } from '../components/segments.tsx'
import { useEndpointLooks } from '../features/endpoints/use-looks.ts'
import { useLineNames } from '../features/lines/use-line-names.ts'
import { IssuesPanel } from '../features/policies/issues-panel.tsx'
import { Matrix, type MatrixActions } from '../features/policies/matrix.tsx'
import { linesThatMove, matrixView } from '../features/policies/matrix-view.ts'
import {
  addRules,
  copyPools,
  differenceOf,
  FALLBACK_ROW,
  movePool,
  placePool,
  removePool,
  removeRule,
  rowOfIssue,
} from '../features/policies/policy-edits.ts'
import { RuleList } from '../features/policies/rule-list.tsx'
import { RuleStrip } from '../features/policies/rule-strip.tsx'
import { type PolicyEditor, usePolicyEditor } from '../features/policies/use-policy-editor.ts'
import { walkMarks } from '../features/policies/walk-marks.ts'
import { WalkPanel } from '../features/policies/walk-panel.tsx'
import { poolStates } from '../features/policies/walk-policy.ts'
import { useDraft } from '../features/publish/use-draft.ts'
import { useMay } from '../features/session/use-me.ts'
import { isTyping } from '../features/shell/use-keys.ts'
import { ApiProblem } from '../lib/api-client.ts'
import { formatTime } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'
import { endpointsQuery, policiesQuery, policyQuery, poolsQuery, statusQuery } from '../lib/queries.ts'
import { showToast } from '../lib/toast.ts'
import type { PolicySearch } from '../router.tsx'

const LinePicker = lazy(() => import('../features/lines/line-picker.tsx').then((file) => ({ default: file.LinePicker })))
const PrecedenceDialog = lazy(() =>
  import('../features/policies/precedence-dialog.tsx').then((file) => ({ default: file.PrecedenceDialog })),
)
const route = getRouteApi('/policies/$id')
const PHONE = '(max-width: 720px)'

/** The page. */
export function PolicyPage(): ReactElement {
  const { id } = route.useParams()
  return <Loaded key={id} id={id} />
}

function Loaded({ id }: { readonly id: string }): ReactElement {
  const { t } = useWords()
  const editor = usePolicyEditor(id)
  const { error } = editor.query
  if (editor.policy !== undefined) return <Editor id={id} editor={editor} policy={editor.policy} />
  return (
    <div className="page">
      <PageHead title={id} window={id} />
      {error === null ? (
        <Skeleton height={420} />
      ) : error instanceof ApiProblem && error.code === 'POLICY_UNKNOWN' ? (
        <div className="card empty">
          {t('policy.unknown', { id })} <Link to="/policies">{t('nav.policies')}</Link>
        </div>
      ) : (
        <ErrorLine error={error} retry={() => void editor.query.refetch()} />
      )}
    </div>
  )
}

type Dialog =
  | { readonly kind: 'none' | 'add' }
  | { readonly kind: 'copy'; readonly from: string }
  | { readonly kind: 'precedence'; readonly to: 'place-first' | 'carrier-first' }

function Editor({
  id,
  editor,
  policy,
}: {
  readonly id: string
  readonly editor: PolicyEditor
  readonly policy: PolicyObject
}): ReactElement {
  const { t } = useWords()
  const mayEdit = useMay('editor')
  const readOnly = !mayEdit
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const put = useCallback(
    (next: PolicySearch): void => void navigate({ search: (before) => ({ ...before, ...next }), replace: true, resetScroll: false }),
    [navigate],
  )
  const live = useQuery(policyQuery(id, 'live')).data
  const pools = useQuery(poolsQuery('draft')).data?.pools
  const endpoints = useQuery(endpointsQuery()).data?.endpoints
  const summary = useQuery(policiesQuery('draft')).data?.policies.find((one) => one.id === id)
  const status = useQuery(statusQuery()).data
  const { draft, changeCount } = useDraft()
  const looks = useEndpointLooks()
  const labels = editor.answer?.lines
  const { nameOf, parentOf } = useLineNames(labels)
  const [filter, setFilter] = useState('')
  const [dialog, setDialog] = useState<Dialog>({ kind: 'none' })
  const [steps, setSteps] = useState<readonly { readonly line: string; readonly verdict: string }[]>([])
  const states = useMemo(() => poolStates(pools ?? [], endpoints ?? []), [pools, endpoints])
  const byId = useMemo(() => new Map((pools ?? []).map((pool) => [pool.id, pool])), [pools])
  const issues = editor.answer?.issues ?? []
  const view = useMemo(
    () => matrixView({ policy, pools: pools ?? [], states, issues, parentOf }),
    [policy, pools, states, issues, parentOf],
  )
  const difference = useMemo(() => differenceOf(policy, live?.policy), [policy, live])
  const shares = useMemo(() => new Map(labels?.map((label) => [label.line, label.sharePercent])), [labels])
  const marks = useMemo(() => walkMarks(steps), [steps])
  const selected =
    search.line !== undefined && (search.line === FALLBACK_ROW || policy.rules.some((rule) => rule.line === search.line))
      ? search.line
      : undefined
  const closeDialog = (): void => setDialog({ kind: 'none' })
  const remove = (line: string): void => {
    editor.edit((before) => removeRule(before, line))
    showToast(
      { tone: 'acc', title: t('policy.ruleRemoved', { name: nameOf(line) }), action: { label: t('policy.undo'), run: editor.undo } },
      10,
    )
  }
  const actions: MatrixActions = {
    select: (line) => put({ line }),
    place: (row, pool, at) => editor.edit((before) => placePool(before, row, pool, at)),
    remove: (row, pool) => editor.edit((before) => removePool(before, row, pool)),
    move: (row, pool, by) => editor.edit((before) => movePool(before, row, pool, by)),
  }
  const pick = (lines: readonly string[]): void => {
    if (dialog.kind === 'copy') {
      const { from } = dialog
      editor.edit((before) => copyPools(before, from, lines))
    } else editor.edit((before) => addRules(before, lines))
    put({ line: lines[0] })
    closeDialog()
  }
  const review = (): void => void navigate({ to: '/draft/review' })

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || document.querySelector('[role="dialog"]') !== null) return
      const control = event.ctrlKey || event.metaKey
      if (control && event.key.toLowerCase() === 'z' && !isTyping(event.target)) {
        event.preventDefault()
        if (event.shiftKey) editor.redo()
        else editor.undo()
      } else if (control && event.key === 'Enter' && changeCount > 0) review()
      else if (control || event.altKey || isTyping(event.target)) return
      else if (event.key.toLowerCase() === 'a' && mayEdit) {
        event.preventDefault()
        setDialog({ kind: 'add' })
      } else if (event.key.toLowerCase() === 'w' && selected !== undefined && selected !== FALLBACK_ROW)
        put({ walk: selected, show: 'draft' })
      else if (event.key.toLowerCase() === 'd' && selected !== undefined && mayEdit) setDialog({ kind: 'copy', from: selected })
      else if (event.key === 'Escape' && selected !== undefined) put({ line: undefined })
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })

  const shown = search.view ?? (window.matchMedia(PHONE).matches ? 'list' : 'matrix')
  const parts = {
    view,
    pools: byId,
    states,
    looks,
    difference,
    selected,
    marks,
    nameOf,
    shareOf: (line: string) => shares.get(line) ?? null,
    filter,
    readOnly,
    actions,
  }
  return (
    <div className="page">
      <Head
        id={id}
        policy={policy}
        editor={editor}
        readOnly={readOnly}
        changeCount={changeCount}
        baseGeneration={draft?.exists ? draft.baseGeneration : undefined}
        names={summary?.names ?? []}
      />
      {readOnly ? (
        <div className="notice" style={{ marginBottom: 12 }}>
          {t('policy.readOnly')}
        </div>
      ) : null}
      {editor.save.state === 'failed' ? (
        <ErrorLine error={editor.save.error} retry={() => editor.edit((before) => ({ ...before }))} />
      ) : null}
      <div className="pgrid">
        <div className="stack">
          <section className="card" style={{ overflow: 'hidden' }} aria-label={t('policy.rules')}>
            <div className="tools">
              <button type="button" className="btn sm" disabled={readOnly} onClick={() => setDialog({ kind: 'add' })} aria-keyshortcuts="A">
                <Icon name="plus" size={13} />
                {t('policy.addLine')} <kbd>A</kbd>
              </button>
              <div className="field">
                <Icon name="filter" size={13} />
                <input
                  className="s12"
                  aria-label={t('policy.filter')}
                  placeholder={t('policy.filter')}
                  value={filter}
                  onChange={(event) => setFilter(event.currentTarget.value)}
                />
              </div>
              <span className="grow" />
              <span className="s12 t2 nowrap">{t('policy.precedence')}</span>
              <Segments
                label={t('policy.precedence')}
                value={policy.precedence ?? 'place-first'}
                options={[
                  { value: 'place-first', label: t('policy.placeFirst'), disabled: readOnly },
                  { value: 'carrier-first', label: t('policy.carrierFirst'), disabled: readOnly },
                ]}
                onChange={(to) => {
                  if (to !== (policy.precedence ?? 'place-first')) setDialog({ kind: 'precedence', to })
                }}
              />
              <Switch
                size="xs"
                label={t('policy.inherit')}
                checked={policy.inherit ?? true}
                disabled={readOnly}
                onChange={(event) => {
                  const inherit = event.currentTarget.checked
                  editor.edit((before) => ({ ...before, inherit }))
                }}
              />
              <Segments
                label={t('policy.view')}
                value={shown}
                options={[
                  { value: 'matrix', label: t('policy.matrixShort') },
                  { value: 'list', label: t('policy.listShort') },
                ]}
                onChange={(to) => put({ view: to })}
              />
            </div>
            {pools === undefined ? <Skeleton height={360} /> : shown === 'matrix' ? <Matrix {...parts} /> : <RuleList {...parts} />}
          </section>
          {selected === undefined ? null : (
            <RuleStrip
              policy={policy}
              row={selected}
              pools={byId}
              states={states}
              nameOf={nameOf}
              parentOf={parentOf}
              share={selected === FALLBACK_ROW ? null : (shares.get(selected) ?? null)}
              change={difference.rows.get(selected)}
              readOnly={readOnly}
              place={(pool, at) => actions.place(selected, pool, at)}
              move={(pool, by) => actions.move(selected, pool, by)}
              remove={(pool) => actions.remove(selected, pool)}
              removeRule={() => remove(selected)}
              copyTo={() => setDialog({ kind: 'copy', from: selected })}
              walkThis={() => put({ walk: selected, show: 'draft' })}
            />
          )}
          {difference.removed.length === 0 ? null : (
            <div className="notice acc">{t('policy.removedRules', { lines: difference.removed.map(nameOf).join(', ') })}</div>
          )}
        </div>
        <div className="stack">
          <WalkPanel
            policy={policy}
            name={summary?.names[0]}
            states={states}
            looks={looks}
            difference={difference}
            nameOf={nameOf}
            parentOf={parentOf}
            client={search.walk ?? ''}
            show={search.show ?? 'draft'}
            liveGeneration={status?.generation ?? live?.generation ?? 0}
            setClient={(client) => put({ walk: client || undefined })}
            setShow={(show) => put({ show: show === 'draft' ? undefined : show })}
            onSteps={setSteps}
          />
          <IssuesPanel
            issues={issues}
            rowOf={(issue) => rowOfIssue(issue.path, policy)}
            goTo={(row) => put({ line: row })}
            removeRule={readOnly ? undefined : remove}
          />
        </div>
      </div>
      <Suspense fallback={null}>
        {dialog.kind === 'add' || dialog.kind === 'copy' ? (
          <LinePicker
            title={dialog.kind === 'copy' ? t('picker.copyTitle', { name: nameOf(dialog.from) }) : t('picker.title')}
            hasRule={(line) => policy.rules.some((rule) => rule.line === line)}
            pick={pick}
            close={closeDialog}
          />
        ) : null}
        {dialog.kind === 'precedence' ? (
          <PrecedenceDialog
            to={dialog.to}
            moved={linesThatMove(policy, dialog.to, states, parentOf)}
            nameOf={nameOf}
            accept={() => {
              const { to } = dialog
              editor.edit((before) => ({ ...before, precedence: to }))
              closeDialog()
            }}
            close={closeDialog}
          />
        ) : null}
      </Suspense>
    </div>
  )
}

type HeadProps = {
  readonly id: string
  readonly policy: PolicyObject
  readonly editor: PolicyEditor
  readonly readOnly: boolean
  readonly changeCount: number
  readonly baseGeneration: number | undefined
  readonly names: readonly { readonly name: string; readonly types: readonly string[] }[]
}

function Head({ id, policy, editor, readOnly, changeCount, baseGeneration, names }: HeadProps): ReactElement {
  const { t } = useWords()
  const { save } = editor
  const saved =
    save.state === 'saving' || save.state === 'waiting'
      ? t('policy.saving')
      : save.at === null
        ? ''
        : t('policy.savedAt', { time: formatTime(save.at) })
  return (
    <PageHead
      window={id}
      title={
        <div className="row wrap">
          <Link to="/policies" className="crumb">
            {t('nav.policies')}
          </Link>
          <span className="t3">/</span>
          <h1 translate="no">{id}</h1>
          {baseGeneration === undefined ? null : (
            <span className="tag acc">
              <Icon name="draft" size={11} />
              {t('policy.draftOn', { generation: baseGeneration })}
            </span>
          )}
        </div>
      }
      sub={
        <>
          {names.length === 0 ? t('policy.steersNothing') : t('policy.steers')}{' '}
          {names.map(({ name, types }, at) => (
            <span key={name} translate="no">
              {at === 0 ? '' : ', '}
              <span className="mono">{name}</span> {types.join(', ')}
            </span>
          ))}
          {policy.ttlSeconds === undefined ? '' : ` · TTL ${policy.ttlSeconds} s`}
          {saved === '' ? '' : ` · ${saved}`}
        </>
      }
    >
      <button type="button" className="btn ghost" disabled={readOnly || !editor.canUndo} onClick={editor.undo}>
        <Icon name="undo" size={14} />
        {t('policy.undo')}
      </button>
      <Link className="btn" to="/history">
        <Icon name="history" size={14} />
        {t('nav.history')}
      </Link>
      {changeCount === 0 ? null : (
        <Link className="btn primary" to="/draft/review">
          {t('policy.review', { count: changeCount })}
        </Link>
      )}
    </PageHead>
  )
}
