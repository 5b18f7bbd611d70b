/** The explanation: one sentence, six steps, lines walked, candidates, the wire, why not another, location. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, type ReactElement, type ReactNode, useState } from 'react'
import type { ExplainAnswer, ExplainPool, ExplainRule } from '../../../contract/explain.ts'
import { EndpointChip } from '../../components/endpoint-chip.tsx'
import { Icon } from '../../components/icon.tsx'
import { Panel } from '../../components/panel.tsx'
import { Standing, StandingMark } from '../../components/standing.tsx'
import type { EndpointLook } from '../../lib/endpoint-look.ts'
import { formatAge, formatMs, formatScore, formatShare } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { endpointsQuery } from '../../lib/queries.ts'
import { showToast } from '../../lib/toast.ts'
import { useEndpointLooks } from '../endpoints/use-looks.ts'
import { useLineNames } from '../lines/use-line-names.ts'
import { OverrideTag } from '../overrides/override-tag.tsx'
import { digCommand, isPicked, type ReachedCandidate, reachedCandidates, type Verdict, verdictOf, whyNot } from './verdict-of.ts'

type Looks = ReadonlyMap<string, EndpointLook>

/** The sentence, built from the trace. */
export function Sentence({ answer, client }: { readonly answer: ExplainAnswer; readonly client: string }): ReactElement {
  const { t } = useWords()
  const { nameOf } = useLineNames()
  const verdict = verdictOf(answer)
  const mark =
    verdict.picked.length === 0
      ? answer.policy === null && answer.rcode === 'NOERROR'
        ? 'up'
        : answer.policy === null
          ? 'unknown'
          : 'down'
      : verdict.displaced
        ? 'degraded'
        : 'up'
  return (
    <div className="verdict" role="status">
      <StandingMark standing={mark} size={20} />
      <p className="grow">{sentenceOf(answer, client, verdict, t, nameOf)}</p>
      {verdict.displaced && verdict.picked.length > 0 ? <span className="tag degraded">{t('policy.displaced')}</span> : null}
    </div>
  )
}

type Words = ReturnType<typeof useWords>['t']

function sentenceOf(answer: ExplainAnswer, client: string, verdict: Verdict, t: Words, nameOf: (line: string) => string): string {
  const first = verdict.picked[0]
  if (answer.policy === null) {
    if (answer.rcode === 'REFUSED') return t('explain.sentence.refused', { name: answer.name })
    return t('explain.sentence.static', { client, name: answer.name, rcode: answer.rcode, count: answer.records.length })
  }
  if (first === undefined) return t('explain.sentence.nothing', { client, rcode: answer.rcode, type: answer.type })
  const parts = {
    client,
    endpoint: verdict.picked.map((one) => one.candidate.endpoint).join(', '),
    address: verdict.picked.map((one) => one.candidate.address).join(', '),
  }
  const gets = t('explain.sentence.gets', parts)
  const blamed = verdict.passed[0]
  const why =
    answer.step === 4
      ? t('explain.sentence.allDown')
      : answer.step === 3
        ? t('explain.sentence.lastResort')
        : blamed !== undefined && verdict.displaced
          ? t('explain.sentence.because', { endpoint: blamed.candidate.endpoint, is: t(`explain.is.${blamed.candidate.verdict}`) })
          : verdict.line !== null
            ? t('explain.sentence.rule', { line: nameOf(verdict.line), pool: first.pool.pool })
            : t('explain.sentence.fallback')
  return gets + why
}

/** The six steps; the one that decided is tinted. */
export function Flow({ answer, client }: { readonly answer: ExplainAnswer; readonly client: string }): ReactElement {
  const { t, language } = useWords()
  const { nameOf } = useLineNames()
  const verdict = verdictOf(answer)
  const all = reachedCandidates(answer)
  const eligible = all.filter((one) => ['picked', 'not-best', 'behind-incumbent'].includes(one.candidate.verdict))
  const location = answer.location
  const place = location === null ? t('explain.unknownPlace') : language === 'zh-CN' ? location.labelZh : location.labelEn
  const first = verdict.picked[0]
  const steps: readonly (readonly [
    word: 'askedBy' | 'located' | 'name' | 'walked' | 'candidates' | 'answered',
    value: string,
    detail: string,
    ok: boolean,
  ])[] = [
    ['askedBy', answer.addressUsed || client, askedByText(answer, t), true],
    [
      'located',
      place || t('explain.unknownPlace'),
      answer.chain.find((entry) => !entry.line.startsWith('asn:'))?.line ?? '',
      location !== null,
    ],
    [
      'name',
      answer.policy ?? answer.rcode,
      answer.policy === null ? t('explain.notSteered') : t('explain.steeredBy', { policy: answer.policy }),
      answer.policy !== null || answer.rcode === 'NOERROR',
    ],
    [
      'walked',
      answer.policy === null ? '—' : walkedText(answer, verdict, t, nameOf),
      verdict.rulesPassed === 0
        ? answer.policy === null
          ? ''
          : t('explain.firstRule')
        : t('explain.rulesPassed', { count: verdict.rulesPassed }),
      !verdict.displaced,
    ],
    [
      'candidates',
      answer.policy === null ? '—' : t('explain.eligibleOf', { eligible: eligible.length, all: all.length }),
      first === undefined ? '' : t('explain.wins', { endpoint: first.candidate.endpoint }),
      answer.policy === null || eligible.length > 0,
    ],
    [
      'answered',
      first?.candidate.address ?? answer.records[0]?.split(/\s+/).at(-1) ?? answer.rcode,
      [
        answer.type,
        answer.ttlSeconds === null ? '' : `TTL ${answer.ttlSeconds} s`,
        answer.scopePrefixLength === null ? '' : t('explain.scopeN', { length: answer.scopePrefixLength }),
      ]
        .filter(Boolean)
        .join(' · '),
      answer.rcode === 'NOERROR',
    ],
  ]
  const decided = verdict.displaced && verdict.picked.length > 0 ? 'walked' : 'candidates'
  return (
    <ol className="flow" aria-label={t('explain.flow')}>
      {steps.map(([word, value, detail, ok]) => (
        <li
          key={word}
          className={`fn ${word === decided && verdict.displaced ? 'hot sel' : word === decided && answer.policy !== null ? 'sel' : ''}`}
        >
          <div className="k">
            <StandingMark standing={ok ? 'up' : 'degraded'} size={11} />
            {t(`explain.step.${word}`)}
          </div>
          <div className="v" title={value}>
            {value}
          </div>
          <div className="d" title={detail}>
            {detail}
          </div>
        </li>
      ))}
    </ol>
  )
}

function askedByText(answer: ExplainAnswer, t: Words): string {
  if (answer.addressSource === 'client-subnet') return t('explain.bySubnet')
  const notUsed = subnetNotUsed(answer)
  return notUsed === undefined ? t('explain.byResolver') : `${t('explain.byResolver')} · ${t(`explain.subnet.${notUsed}`)}`
}

/** Why a client subnet that was sent did not decide; undefined = it did, or there was none. */
function subnetNotUsed({ clientSubnet }: ExplainAnswer): 'not-wanted' | 'ignored-by-zone' | 'untrusted-resolver' | undefined {
  return clientSubnet === 'none' || clientSubnet === 'used' ? undefined : clientSubnet
}

function walkedText(answer: ExplainAnswer, verdict: Verdict, t: Words, nameOf: (line: string) => string): string {
  if (verdict.line !== null) return nameOf(verdict.line)
  return answer.step === null ? '—' : t(`explain.step${answer.step}`)
}

/** Lines of the client's chain: rules tried, wider lines without a rule, the fallback. */
export function LinesWalked({ answer }: { readonly answer: ExplainAnswer }): ReactElement | null {
  const { t } = useWords()
  const { nameOf } = useLineNames()
  const looks = useEndpointLooks()
  if (answer.policy === null) return null
  const rules = new Map(answer.rules.map((rule) => [rule.line, rule]))
  const rows: ReactNode[] = []
  let number = 0
  let silent: string[] = []
  const flush = (): void => {
    if (silent.length === 0) return
    const names = silent.map(nameOf).join(', ')
    rows.push(
      <li className="lr mute" key={`silent ${names}`}>
        <span className="dot skip" aria-hidden="true">
          –
        </span>
        <span>{silent.length > 1 ? t('explain.lines', { count: silent.length }) : names}</span>
        <span>{silent.length > 1 ? t('explain.noRuleFor', { lines: names }) : t('explain.noRule')}</span>
      </li>,
    )
    silent = []
  }
  for (const { line } of answer.chain) {
    const rule = rules.get(line)
    if (rule === undefined) {
      silent.push(line)
      continue
    }
    flush()
    if (rule.verdict !== 'not-reached') number++
    rows.push(<RuleRow key={line} rule={rule} name={nameOf(line)} number={number} looks={looks} />)
  }
  flush()
  const fallback = answer.step === 2
  rows.push(
    <li className={`lr ${fallback ? '' : 'mute'}`} key="fallback">
      {fallback ? (
        <DotOk />
      ) : (
        <span className="dot skip" aria-hidden="true">
          –
        </span>
      )}
      <span>{fallback ? t('policy.fallback') : t('explain.laterSteps')}</span>
      <span className="row wrap" style={{ gap: 6 }}>
        {fallback
          ? answer.fallback
              .filter((pool) => pool.verdict !== 'not-reached')
              .map((pool) => <PoolTried key={pool.pool} pool={pool} looks={looks} />)
          : answer.step === null
            ? ''
            : answer.step === 1
              ? t('explain.decidedAt', { step: 1 })
              : t(`explain.step${answer.step}`)}
      </span>
      {fallback ? <span className="tag up">{t('explain.taken')}</span> : null}
    </li>,
  )
  return (
    <Panel
      title={t('explain.step.walked')}
      hint={t('explain.walkedHint')}
      actions={
        <Link className="s12" to="/policies/$id" params={{ id: answer.policy }} search={{ walk: answer.addressUsed, show: 'live' }}>
          {t('problems.openPolicy')}
        </Link>
      }
    >
      <ol className="lines">{rows}</ol>
    </Panel>
  )
}

function RuleRow({
  rule,
  name,
  number,
  looks,
}: {
  readonly rule: ExplainRule
  readonly name: string
  readonly number: number
  readonly looks: Looks
}): ReactElement {
  const { t } = useWords()
  const reached = rule.verdict !== 'not-reached'
  return (
    <li className={`lr ${reached ? '' : 'mute'}`}>
      {rule.verdict === 'answered' ? (
        <DotOk />
      ) : reached ? (
        <span className="dot fail">{number}</span>
      ) : (
        <span className="dot skip" aria-hidden="true">
          –
        </span>
      )}
      <span>
        <b className={reached ? 'm' : undefined} style={reached ? undefined : { fontWeight: 400 }}>
          {name}
        </b>{' '}
        <span className="mono t3" style={{ fontSize: 11 }} translate="no">
          {rule.line}
        </span>
      </span>
      <span className="row wrap" style={{ gap: 6 }}>
        {reached
          ? rule.pools
              .filter((pool) => pool.verdict !== 'not-reached')
              .map((pool) => <PoolTried key={pool.pool} pool={pool} looks={looks} />)
          : t('explain.notReached')}
      </span>
      {rule.verdict === 'answered' ? (
        <span className="tag up">{t('explain.taken')}</span>
      ) : reached ? (
        <span className="t3 s12">{t('explain.inherits')}</span>
      ) : (
        <span />
      )}
    </li>
  )
}

function PoolTried({ pool, looks }: { readonly pool: ExplainPool; readonly looks: Looks }): ReactElement {
  const { t } = useWords()
  const shown = pool.candidates.filter((one) => (pool.verdict === 'answered' ? isPicked(one) : true)).slice(0, 4)
  return (
    <span className="row wrap" style={{ gap: 6 }}>
      <span className="t2" translate="no">
        {pool.pool}
      </span>
      <Icon name="right" size={12} />
      {shown.map((one) => (
        <span className="row" style={{ gap: 6 }} key={one.address}>
          <EndpointChip look={looks.get(one.endpoint)} id={one.endpoint} />
          {isPicked(one) ? (
            <b className="m" translate="no">
              {one.endpoint}
            </b>
          ) : (
            <span className={`st ${one.standing}`}>
              <StandingMark standing={one.standing} size={11} />
              {t(`verdict.${one.verdict}`)}
            </span>
          )}
        </span>
      ))}
      {pool.verdict === 'answered' && pool.candidates.length > 1 ? (
        <span className="t3">{t('explain.bestOf', { choose: t(`choose.${pool.choose as 'best'}`), count: pool.eligible })}</span>
      ) : null}
      {pool.verdict === 'too-few-eligible' ? (
        <span className="t3">{t('policy.needsHas', { needs: pool.minimumUp, has: pool.eligible })}</span>
      ) : null}
    </span>
  )
}

function DotOk(): ReactElement {
  return (
    <span className="dot ok">
      <Icon name="tick" size={13} />
    </span>
  )
}

/** Every endpoint that was looked at, with its numbers and verdict. */
export function Candidates({ answer }: { readonly answer: ExplainAnswer }): ReactElement | null {
  const { t, language } = useWords()
  const looks = useEndpointLooks()
  const rows = reachedCandidates(answer)
  if (rows.length === 0) return null
  return (
    <Panel title={t('explain.step.candidates')} hint={t('explain.candidatesHint')}>
      <div className="tscroll">
        <table className="tbl stacked">
          <thead>
            <tr>
              <th>{t('health.endpoint')}</th>
              <th>{t('explain.reachedBy')}</th>
              <th>{t('health.standing')}</th>
              <th className="num">
                p50
                <br />
                <span className="unit">ms</span>
              </th>
              <th className="num">
                {t('health.errors')}
                <br />
                <span className="unit">%</span>
              </th>
              <th className="num">
                {t('health.score')}
                <br />
                <span className="unit">0–100</span>
              </th>
              <th className="num">
                {t('health.age')}
                <br />
                <span className="unit">{t('health.ofData')}</span>
              </th>
              <th>{t('explain.verdict')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ candidate, reachedBy }) => (
              <tr key={`${candidate.endpoint} ${candidate.address}`} className={isPicked(candidate) ? 'win' : undefined}>
                <td>
                  <span className="row">
                    <EndpointChip look={looks.get(candidate.endpoint)} id={candidate.endpoint} />
                    <span className={isPicked(candidate) ? 'b' : undefined} translate="no">
                      {candidate.endpoint}
                    </span>
                    <span className="mono t3" translate="no">
                      {candidate.address}
                    </span>
                  </span>
                </td>
                <td className="mono t2" style={{ fontSize: 11 }}>
                  {reachedBy === 'fallback' ? t('policy.fallback') : reachedBy}
                </td>
                <td>
                  <Standing standing={candidate.standing} />
                </td>
                <td className="num" data-label="p50 ms">
                  {formatMs(candidate.latencyMs)}
                </td>
                <td className="num" data-label={`${t('health.errors')} %`}>
                  {formatShare(candidate.errorRatePercent)}
                </td>
                <td className="num" data-label={t('health.score')}>
                  {isPicked(candidate) ? <b className="b">{formatScore(candidate.score, 1)}</b> : formatScore(candidate.score, 1)}
                </td>
                <td className="num t3" data-label={t('health.age')}>
                  {formatAge(candidate.ageSeconds, language)}
                </td>
                <td>
                  <VerdictText row={{ candidate }} />
                  <OverrideTag note={candidate.override} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

function VerdictText({ row: { candidate } }: { readonly row: Pick<ReachedCandidate, 'candidate'> }): ReactElement {
  const { t } = useWords()
  const { keepPercent, keepPosition } = candidate
  const word = t(`verdict.${candidate.verdict}`)
  const percent = keepPercent?.toFixed(0)
  const text =
    percent === undefined
      ? word
      : keepPosition === undefined
        ? t('verdict.shareOnly', { text: word, percent })
        : t('verdict.share', { text: word, percent, position: (100 * keepPosition).toFixed(0) })
  if (isPicked(candidate))
    return (
      <b className="m" style={{ color: 'var(--up)' }}>
        {text}
      </b>
    )
  return (
    <span style={{ color: candidate.verdict === 'not-best' || candidate.verdict === 'behind-incumbent' ? 'var(--text-2)' : 'var(--down)' }}>
      {text}
    </span>
  )
}

/** The records as a resolver gets them, and the command that asks the same. */
export function OnTheWire({ answer, client }: { readonly answer: ExplainAnswer; readonly client: string }): ReactElement {
  const { t } = useWords()
  const command = digCommand(answer, client || answer.addressUsed, 'NODE')
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(command)
    showToast({ tone: 'acc', title: t('explain.copied'), detail: command }, 6)
  }
  return (
    <Panel
      title={t('explain.wire')}
      actions={
        <button type="button" className="btn sm ghost" onClick={() => void copy()}>
          <Icon name="copy" size={13} />
          {t('explain.dig')}
        </button>
      }
    >
      <pre className="dig mono" translate="no">
        {`;; ${answer.rcode}\n${answer.records.length === 0 ? ';; (no records)' : answer.records.join('\n')}${answer.scope === null ? '' : `\n; CLIENT-SUBNET scope ${answer.scope}`}\n; ${command}`}
      </pre>
    </Panel>
  )
}

/** The first reason why another endpoint is not the answer. */
export function WhyNot({ answer }: { readonly answer: ExplainAnswer }): ReactElement | null {
  const { t } = useWords()
  const { nameOf } = useLineNames()
  const looks = useEndpointLooks()
  const endpoints = useQuery(endpointsQuery()).data?.endpoints ?? []
  const [filter, setFilter] = useState('')
  if (answer.policy === null) return null
  const picked = new Set(answer.picked)
  const words = filter.toLowerCase()
  const shown = endpoints.filter((one) => !picked.has(one.id) && one.id.toLowerCase().includes(words)).slice(0, filter === '' ? 4 : 8)
  return (
    <Panel title={t('explain.whyNot')}>
      <div className="why">
        <div className="field" style={{ height: 30, marginBottom: 6 }}>
          <Icon name="search" size={13} />
          <input
            className="s12"
            aria-label={t('explain.whyNotFilter')}
            placeholder={t('explain.whyNotFilter')}
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
        </div>
        {shown.map((one) => {
          const why = whyNot(answer, one.id)
          const by = why.reachedBy === 'fallback' ? t('policy.fallback') : why.reachedBy === '' ? '' : nameOf(why.reachedBy)
          return (
            <div className="q" key={one.id}>
              <EndpointChip look={looks.get(one.id)} id={one.id} />
              <div className="grow">
                <b className="m">{t(`why.${why.reason}`)}</b>{' '}
                <span className="t2">{why.pool === '' ? '' : t('why.in', { pool: why.pool, by })}</span>
              </div>
            </div>
          )
        })}
        {shown.length === 0 ? <p className="s12 t3">{t('endpoints.noneMatches')}</p> : null}
      </div>
    </Panel>
  )
}

/** Where the client is, who says so, and who else gets the same answer. */
export function LocationPanel({ answer }: { readonly answer: ExplainAnswer }): ReactElement {
  const { t, language } = useWords()
  const { location } = answer
  const notUsed = subnetNotUsed(answer)
  return (
    <Panel title={t('explain.location')}>
      {answer.publicResolver === undefined ? null : (
        <p className="row" style={{ margin: 0, padding: '4px 14px 8px', gap: 8, alignItems: 'flex-start' }}>
          <StandingMark standing="degraded" size={14} />
          <span>
            {t('explain.publicResolver', { name: language === 'zh-CN' ? answer.publicResolver.labelZh : answer.publicResolver.labelEn })}
          </span>
        </p>
      )}
      {location === null ? (
        <div className="empty">{t('explain.unknownLong')}</div>
      ) : (
        <dl className="kv">
          <dt>{t('explain.place')}</dt>
          <dd>
            {language === 'zh-CN' ? location.labelZh : location.labelEn}{' '}
            <span className="t3 mono">{[location.country, location.province, location.city].filter(Boolean).join(' · ')}</span>
          </dd>
          <dt>{t('lineClass.carrier')}</dt>
          <dd>{location.carrier ?? t('explain.unknown')}</dd>
          <dt>{t('explain.sources')}</dt>
          <dd>{[...new Set([location.placeSource, location.carrierSource].filter(Boolean))].join(', ') || '—'}</dd>
          {Object.entries(location.fields ?? {}).map(
            ([field, { correction }]) =>
              correction !== undefined && (
                <Fragment key={field}>
                  <dt>{t('explain.corrected')}</dt>
                  <dd>
                    <span className="mono">{correction.prefix}</span> · {field}: {correction.reason}
                    {correction.author === undefined ? '' : ` (${correction.author})`}
                  </dd>
                </Fragment>
              ),
          )}
          <dt>{t('explain.range')}</dt>
          <dd className="mono" translate="no">
            {location.range[0]} – {location.range[1]}
          </dd>
          {notUsed === undefined ? null : (
            <>
              <dt>{t('explain.clientSubnet')}</dt>
              <dd>{t(`explain.subnet.${notUsed}`)}</dd>
            </>
          )}
          <dt>{t('explain.sameAnswer')}</dt>
          <dd className="mono" translate="no">
            {notUsed !== undefined ? '—' : (answer.scope ?? '—')}{' '}
            <span className="t3">{notUsed !== undefined || answer.scope === null ? '' : t('explain.theScope')}</span>
          </dd>
        </dl>
      )}
      <dl className="kv" style={{ borderTop: '1px solid var(--grid)', paddingTop: 8 }}>
        <dt>{t('explain.node')}</dt>
        <dd translate="no">{answer.node}</dd>
        <dt>{t('overview.generation')}</dt>
        <dd>{answer.generation}</dd>
        <dt>{t('explain.ranking')}</dt>
        <dd>{answer.rankingAgeSeconds === null ? '—' : t('live.ago', { age: formatAge(answer.rankingAgeSeconds, language) })}</dd>
      </dl>
    </Panel>
  )
}
