/**
 * Walk a client: live is the node's own explanation; the draft is walked here with the standings of now, which names the pool, not
 * the member. Input: address, prefix, or a line key.
 */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import type { ExplainAnswer, ExplainCandidate } from '../../../contract/explain.ts'
import type { PolicyObject } from '../../../contract/policy.ts'
import { EndpointChip } from '../../components/endpoint-chip.tsx'
import { Icon } from '../../components/icon.tsx'
import { ErrorLine, Skeleton } from '../../components/panel.tsx'
import { Segments } from '../../components/segments.tsx'
import { Standing } from '../../components/standing.tsx'
import type { EndpointLook } from '../../lib/endpoint-look.ts'
import { formatMs, formatScore } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { explainQuery, lineChainQuery } from '../../lib/queries.ts'
import { isPicked } from '../explain/verdict-of.ts'
import { chainOfLine, inWalkOrder } from '../lines/line-key.ts'
import { looksLikeAddress } from '../lines/looks-like-address.ts'
import { PoolAnswer } from './answer-cell.tsx'
import type { PolicyDifference } from './policy-edits.ts'
import { type PoolState, type Walk, type WalkStep, walkPolicy } from './walk-policy.ts'

type Looks = ReadonlyMap<string, EndpointLook>
/** Props; `client` stands in the URL. */
export type WalkPanelProps = {
  readonly policy: PolicyObject
  readonly name: { readonly name: string; readonly types: readonly string[] } | undefined
  readonly states: ReadonlyMap<string, PoolState>
  readonly looks: Looks
  readonly difference: PolicyDifference
  readonly nameOf: (line: string) => string
  readonly parentOf: (place: string) => string
  readonly client: string
  readonly show: 'draft' | 'live'
  readonly liveGeneration: number
  readonly setClient: (client: string) => void
  readonly setShow: (show: 'draft' | 'live') => void
  /** Told of the steps that are shown, for the marks in the matrix. */
  readonly onSteps: (steps: readonly { readonly line: string; readonly verdict: string }[]) => void
}

/** The panel. */
export function WalkPanel(props: WalkPanelProps): ReactElement {
  const { t, language } = useWords()
  const { policy, name, states, client, show, nameOf, parentOf, onSteps } = props
  const [text, setText] = useState(client)
  useEffect(() => setText(client), [client])
  const isAddress = looksLikeAddress(client)
  const chainQuery = useQuery(lineChainQuery(isAddress ? client : ''))
  const live = useQuery(explainQuery({ client: isAddress ? client : '', name: name?.name ?? '', type: name?.types[0] ?? 'A' }, true))
  const precedence = policy.precedence ?? 'place-first'
  const keys = isAddress
    ? chainQuery.data?.chain.map((label) => label.line)
    : client === ''
      ? undefined
      : (chainOfLine(client, precedence, parentOf) ?? [client, '*'])
  const chain =
    keys === undefined
      ? undefined
      : inWalkOrder(
          keys.map((line) => ({ line })),
          precedence,
        ).map((entry) => entry.line)
  const walk = chain === undefined ? undefined : walkPolicy(policy, chain, states)
  const shownLive = show === 'live' && isAddress
  const steps = shownLive ? liveSteps(live.data) : walk?.steps
  const marks = JSON.stringify(steps?.map(({ line, verdict }) => ({ line, verdict })) ?? [])
  useEffect(() => onSteps(JSON.parse(marks) as readonly { line: string; verdict: string }[]), [marks, onSteps])
  const location = chainQuery.data?.location
  const place = location === undefined || location === null ? '' : language === 'zh-CN' ? location.labelZh : location.labelEn
  return (
    <section className="card" aria-labelledby="walk-title">
      <div className="chead">
        <h2 id="walk-title">{t('walk.title')}</h2>
        <span className="grow" />
        <Segments
          label={t('walk.which')}
          value={show}
          options={[
            { value: 'live', label: t('walk.live', { generation: props.liveGeneration }) },
            { value: 'draft', label: t('walk.draft') },
          ]}
          onChange={props.setShow}
        />
      </div>
      <div className="walk">
        <form
          className="field"
          style={{ marginBottom: 12 }}
          onSubmit={(event) => {
            event.preventDefault()
            props.setClient(text.trim())
          }}
        >
          <Icon name="search" size={14} />
          <input
            className="mono"
            aria-label={t('walk.client')}
            placeholder={t('walk.placeholder')}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onBlur={() => text.trim() !== client && props.setClient(text.trim())}
          />
          {place === '' ? null : (
            <span className="tag placetag" title={place}>
              {place}
            </span>
          )}
        </form>
        {client === '' ? <p className="s12 t2">{t('walk.empty')}</p> : null}
        {isAddress && chainQuery.error !== null ? <ErrorLine error={chainQuery.error} /> : null}
        {client !== '' && walk === undefined && chainQuery.error === null ? <Skeleton height={180} /> : null}
        {walk === undefined ? null : shownLive ? (
          live.data !== undefined ? (
            <LiveSteps answer={live.data} looks={props.looks} nameOf={nameOf} />
          ) : live.error !== null ? (
            <ErrorLine error={live.error} retry={() => void live.refetch()} />
          ) : name === undefined ? (
            <p className="s12 t2">{t('walk.noName')}</p>
          ) : (
            <Skeleton height={180} />
          )
        ) : (
          <DraftSteps walk={walk} looks={props.looks} difference={props.difference} nameOf={nameOf} />
        )}
        {walk === undefined ? null : <Compare walk={walk} live={live.data} looks={props.looks} generation={props.liveGeneration} />}
        {client === '' || name === undefined || !isAddress ? null : (
          <div className="row" style={{ marginTop: 10 }}>
            <Link className="btn sm grow" to="/explain" search={{ client, name: name.name, type: name.types[0] ?? 'A' }}>
              {t('walk.full')}
            </Link>
          </div>
        )}
      </div>
    </section>
  )
}

function liveSteps(answer: ExplainAnswer | undefined): readonly { readonly line: string; readonly verdict: string }[] | undefined {
  return answer?.rules.map((rule) => ({
    line: rule.line,
    verdict: rule.verdict === 'answered' ? 'answers' : rule.verdict === 'not-reached' ? 'not-reached' : 'passed',
  }))
}

function DraftSteps({
  walk,
  looks,
  difference,
  nameOf,
}: {
  readonly walk: Walk
  readonly looks: Looks
  readonly difference: PolicyDifference
  readonly nameOf: (line: string) => string
}): ReactElement {
  const { t } = useWords()
  let number = 0
  const shown: ReactNode[] = []
  let silent: WalkStep[] = []
  const flush = (key: string): void => {
    if (silent.length === 0) return
    shown.push(
      <Quiet
        key={key}
        text={
          silent.length > 2
            ? t('walk.noRuleMany', { count: silent.length })
            : t('walk.noRule', { lines: silent.map((step) => nameOf(step.line)).join(', ') })
        }
      />,
    )
    silent = []
  }
  const unreached = walk.steps.filter((step) => step.verdict === 'not-reached' && step.pools.length > 0)
  for (const step of walk.steps) {
    if (step.verdict === 'not-reached') continue
    if (step.verdict === 'no-rule') silent.push(step)
    else {
      flush(`before ${step.line}`)
      number++
      const change = difference.rows.get(step.line)
      shown.push(
        <li className="step" key={step.line}>
          <Dot answers={step.verdict === 'answers'} number={number} />
          <div>
            <div className="st1">
              {nameOf(step.line)}
              <span className="mono t3" style={{ fontSize: 11 }} translate="no">
                {step.line}
              </span>
              {change === undefined ? null : <span className="mk">{t(`policy.${change}`)}</span>}
            </div>
            {step.pools.length === 0 ? <div className="sub t3">{t('walk.noPools')}</div> : null}
            <Pools step={step} looks={looks} />
            {step.verdict === 'answers' ? null : <Inherits />}
          </div>
        </li>,
      )
    }
  }
  flush('end')
  const { fallback } = walk
  if (fallback.verdict !== 'not-reached') {
    shown.push(
      <li className="step" key="fallback">
        <Dot answers={fallback.verdict === 'answers'} number={number + 1} />
        <div>
          <div className="st1">{t('policy.fallback')}</div>
          <Pools step={fallback} looks={looks} />
        </div>
      </li>,
    )
  }
  return (
    <ol className="chain">
      {shown}
      <Last
        text={
          fallback.verdict === 'not-reached'
            ? t('walk.notReached', { lines: [...unreached.map((step) => nameOf(step.line)), t('policy.fallback')].join(', ') })
            : walk.pool === null
              ? t('walk.lastResort')
              : t('walk.notReached', { lines: t('walk.lastSteps') })
        }
      />
    </ol>
  )
}

function Pools({ step, looks }: { readonly step: WalkStep; readonly looks: Looks }): ReactElement {
  const { t } = useWords()
  return (
    <>
      {step.pools
        .filter((pool) => pool.verdict !== 'not-reached')
        .flatMap((pool) =>
          pool.members.length === 0
            ? [
                <div className="memb" key={pool.id}>
                  <span translate="no">{pool.id}</span>
                  <span className="r">{pool.known ? t('walk.noMembers') : t('policy.poolGone')}</span>
                </div>,
              ]
            : pool.members.map((member) => (
                <div className={`memb ${pool.verdict === 'answers' && member.eligible ? 'win' : ''}`} key={`${pool.id} ${member.endpoint}`}>
                  <EndpointChip look={looks.get(member.endpoint)} id={member.endpoint} />
                  <span className={member.eligible ? 'm ell' : 'ell'} translate="no">
                    {member.endpoint}
                  </span>
                  <span className="r">
                    {pool.verdict === 'answers' && member.eligible ? (
                      `${pool.id} · ${t(`choose.${pool.choose}`)}`
                    ) : (
                      <Standing standing={member.standing} />
                    )}
                  </span>
                </div>
              )),
        )}
    </>
  )
}

function LiveSteps({
  answer,
  looks,
  nameOf,
}: {
  readonly answer: ExplainAnswer
  readonly looks: Looks
  readonly nameOf: (line: string) => string
}): ReactElement {
  const { t } = useWords()
  const reached = answer.rules.filter((rule) => rule.verdict !== 'not-reached')
  const rest = answer.rules.filter((rule) => rule.verdict === 'not-reached')
  const silent = answer.chain.filter((entry) => !entry.rule).length
  return (
    <ol className="chain">
      {silent === 0 ? null : <Quiet text={t('walk.noRuleMany', { count: silent })} />}
      {reached.map((rule, at) => (
        <li className="step" key={rule.line}>
          <Dot answers={rule.verdict === 'answered'} number={at + 1} />
          <div>
            <div className="st1">
              {nameOf(rule.line)}
              <span className="mono t3" style={{ fontSize: 11 }} translate="no">
                {rule.line}
              </span>
            </div>
            {rule.pools
              .filter((pool) => pool.verdict !== 'not-reached')
              .flatMap((pool) =>
                pool.candidates.map((one) => (
                  <Candidate key={`${pool.pool} ${one.address}`} candidate={one} look={looks.get(one.endpoint)} />
                )),
              )}
            {rule.verdict === 'answered' ? null : <Inherits />}
          </div>
        </li>
      ))}
      {answer.step === 2
        ? answer.fallback.flatMap((pool) =>
            pool.candidates
              .filter((one) => one.verdict !== 'not-reached')
              .map((one) => (
                <li className="step" key={`${pool.pool} ${one.address}`}>
                  <Dot answers={isPicked(one)} number={reached.length + 1} />
                  <div>
                    <div className="st1">{t('policy.fallback')}</div>
                    <Candidate candidate={one} look={looks.get(one.endpoint)} />
                  </div>
                </li>
              )),
          )
        : null}
      <Last
        text={
          answer.step === 3 || answer.step === 4
            ? t(`explain.step${answer.step}`)
            : t('walk.notReached', {
                lines:
                  [...rest.map((rule) => nameOf(rule.line)), ...(answer.step === 2 ? [] : [t('policy.fallback')])].join(', ') ||
                  t('walk.lastSteps'),
              })
        }
      />
    </ol>
  )
}

function Candidate({ candidate, look }: { readonly candidate: ExplainCandidate; readonly look: EndpointLook | undefined }): ReactElement {
  const { t } = useWords()
  const picked = isPicked(candidate)
  return (
    <div className={`memb ${picked ? 'win' : ''}`}>
      <EndpointChip look={look} id={candidate.endpoint} />
      <span className={picked ? 'm ell' : 'ell'} translate="no">
        {candidate.endpoint}
      </span>
      <span className="r">
        {picked ? (
          t('walk.score', { score: formatScore(candidate.score) })
        ) : candidate.standing === 'up' ? (
          t(`verdict.${candidate.verdict}`)
        ) : (
          <Standing standing={candidate.standing} />
        )}
      </span>
    </div>
  )
}

function Compare({
  walk,
  live,
  looks,
  generation,
}: {
  readonly walk: Walk
  readonly live: ExplainAnswer | undefined
  readonly looks: Looks
  readonly generation: number
}): ReactElement {
  const { t } = useWords()
  const picked =
    live === undefined
      ? undefined
      : live.rules
          .flatMap((rule) => rule.pools)
          .concat(live.fallback)
          .flatMap((pool) => pool.candidates)
          .find(isPicked)
  return (
    <div className="cmp">
      <span className="t3">{t('walk.draft')}</span>
      <span className="row">
        {walk.pool === null ? (
          t('policy.lastResort')
        ) : (
          <>
            <PoolAnswer pool={walk.pool} looks={looks} />
            <span className="ell" translate="no">
              {walk.pool.id}
            </span>
          </>
        )}
      </span>
      {live === undefined ? null : (
        <>
          <span className="t3">{t('walk.live', { generation })}</span>
          <span className="row">
            {picked === undefined ? null : <EndpointChip look={looks.get(picked.endpoint)} id={picked.endpoint} />}
            <span className="mono ell" translate="no">
              {picked?.address ?? live.rcode}
            </span>
            <span className="t3 nowrap end">
              {live.ttlSeconds === null ? '' : `TTL ${live.ttlSeconds} s`}
              {picked === undefined || picked.latencyMs === null ? '' : ` · ${formatMs(picked.latencyMs)} ms`}
            </span>
          </span>
        </>
      )}
    </div>
  )
}

function Dot({ answers, number }: { readonly answers: boolean; readonly number: number }): ReactElement {
  return answers ? (
    <span className="dot ok">
      <Icon name="tick" size={13} />
    </span>
  ) : (
    <span className="dot fail">{number}</span>
  )
}

function Quiet({ text }: { readonly text: string }): ReactElement {
  return (
    <li className="step soft">
      <span className="dot skip" aria-hidden="true">
        –
      </span>
      <div className="st1 off">{text}</div>
    </li>
  )
}

function Last({ text }: { readonly text: string }): ReactElement {
  return (
    <li className="step last" style={{ paddingBottom: 6 }}>
      <span className="dot skip" aria-hidden="true">
        –
      </span>
      <div className="st1 off">{text}</div>
    </li>
  )
}

function Inherits(): ReactElement {
  const { t } = useWords()
  return (
    <div className="sub row" style={{ gap: 5, marginTop: 4 }}>
      <Icon name="down" size={12} />
      {t('walk.inherits')}
    </div>
  )
}
