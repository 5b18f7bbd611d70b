/** What decided a change of standing, on demand: the samples of the event, and its probe's rule. Nothing for events without evidence. */
import type { ReactElement } from 'react'
import type { Event, StandingEvidence } from '../../../contract/event.ts'
import { wordEventDetail } from '../../lib/event-wording.ts'
import { formatMs, formatTime } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'

/** The disclosure. */
export function EventEvidence({ event }: { readonly event: Event }): ReactElement | null {
  const { t, language } = useWords()
  const evidence = standingEvidenceOf(event)
  if (evidence === undefined) return null
  const { window, samples, probe, fall, rise } = evidence
  return (
    <details className="evidence">
      <summary>{t('timeline.evidence.show')}</summary>
      <table>
        <caption className="t3">{t('timeline.evidence.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('timeline.evidence.at')}</th>
            <th scope="col">{t('timeline.evidence.probe')}</th>
            <th scope="col">{t('timeline.evidence.result')}</th>
          </tr>
        </thead>
        <tbody>
          {samples.map((sample) => (
            <tr key={`${sample.at} ${sample.probe}`}>
              <td className="mono">{formatTime(sample.at)}</td>
              <td translate="no">{sample.probe}</td>
              <td>
                {sample.ok
                  ? `${t('timeline.evidence.ok')}, ${formatMs(sample.latencyMs)} ms`
                  : wordEventDetail('standing', `${sample.failure ?? ''}: ${sample.detail ?? ''}`, language)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {fall !== null && rise !== null && <p className="t3">{t('timeline.evidence.rule', { probe, fall, rise })}</p>}
      {window !== null && (
        <p className="t3">
          {t('timeline.evidence.window', {
            failures: window.failures,
            samples: window.samples,
            latency: window.latencyMs === null ? '–' : `${formatMs(window.latencyMs)} ms`,
          })}
        </p>
      )}
    </details>
  )
}

/** The evidence of a standing event, when it has one of a form that is known. */
function standingEvidenceOf({ kind, evidence }: Event): StandingEvidence | undefined {
  if (kind !== 'standing' || typeof evidence !== 'object' || evidence === null || !('samples' in evidence)) return undefined
  return Array.isArray(evidence.samples) && evidence.samples.length > 0 ? (evidence as StandingEvidence) : undefined
}
