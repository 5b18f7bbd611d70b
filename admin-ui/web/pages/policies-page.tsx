/** List of policies, as in my draft when I have one. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import type { PolicySummary } from '../../contract/policy.ts'
import { PageHead } from '../components/page-head.tsx'
import { Empty, QueryBody } from '../components/panel.tsx'
import { StandingMark } from '../components/standing.tsx'
import { useDraft } from '../features/publish/use-draft.ts'
import { useWords } from '../lib/i18n.ts'
import { policiesQuery } from '../lib/queries.ts'

/** The page. */
export function PoliciesPage(): ReactElement {
  const { t } = useWords()
  const query = useQuery(policiesQuery('draft'))
  const { draft } = useDraft()
  return (
    <div className="page">
      <PageHead
        title={t('nav.policies')}
        window={t('nav.policies')}
        sub={draft?.exists ? t('policies.leadDraft', { generation: draft.baseGeneration }) : t('policies.lead')}
      />
      <section className="card" aria-label={t('nav.policies')}>
        <QueryBody query={query} height={200}>
          {({ policies }) =>
            policies.length === 0 ? (
              <Empty>{t('policies.empty')}</Empty>
            ) : (
              <div className="tscroll">
                <table className="tbl stacked">
                  <thead>
                    <tr>
                      <th>{t('policies.policy')}</th>
                      <th>{t('policies.names')}</th>
                      <th className="num">{t('policies.rules')}</th>
                      <th>{t('policies.pools')}</th>
                      <th>{t('policies.order')}</th>
                      <th>{t('policies.issues')}</th>
                      <th>{t('nav.draft')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {policies.map((policy) => (
                      <Row key={policy.id} policy={policy} />
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </QueryBody>
      </section>
    </div>
  )
}

function Row({ policy }: { readonly policy: PolicySummary }): ReactElement {
  const { t } = useWords()
  const errors = policy.issues.filter((issue) => issue.severity === 'error').length
  const warnings = policy.issues.filter((issue) => issue.severity === 'warning').length
  const removed = policy.draft === 'removed'
  return (
    <tr className="hrow">
      <td className="m" translate="no">
        {removed ? (
          <span className="t3">{policy.id}</span>
        ) : (
          <Link to="/policies/$id" params={{ id: policy.id }}>
            {policy.id}
          </Link>
        )}
      </td>
      <td className="mono" translate="no">
        {policy.names.length === 0 ? <span className="t3">{t('policies.noName')}</span> : null}
        {policy.names.map(({ name, types }) => (
          <div key={`${name}${types.join()}`}>
            {name} <span className="t3">{types.join(', ')}</span>
          </div>
        ))}
      </td>
      <td className="num" data-label={t('policies.rules')}>
        {policy.ruleCount}
      </td>
      <td className="s12 t2" data-label={t('policies.pools')} style={{ whiteSpace: 'normal' }} translate="no">
        {policy.pools.join(', ')}
      </td>
      <td className="s12">
        {t(policy.precedence === 'place-first' ? 'policy.placeFirst' : 'policy.carrierFirst')}
        {policy.inherit ? '' : ` · ${t('policies.noInherit')}`}
      </td>
      <td>
        {errors + warnings === 0 ? <span className="t3">—</span> : null}
        {errors === 0 ? null : (
          <span className="tag down">
            <StandingMark standing="down" size={11} />
            {t('issues.errors', { count: errors })}
          </span>
        )}{' '}
        {warnings === 0 ? null : (
          <span className="tag degraded">
            <StandingMark standing="degraded" size={11} />
            {t('issues.warnings', { count: warnings })}
          </span>
        )}
      </td>
      <td>{policy.draft === 'same' ? <span className="t3">—</span> : <span className="mk">{t(`policies.draft.${policy.draft}`)}</span>}</td>
    </tr>
  )
}
