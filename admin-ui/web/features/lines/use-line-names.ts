/** Names of lines in the present language, made from the catalogue: "Ningbo · Telecom". */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { LineLabel } from '../../../contract/line.ts'
import { useWords } from '../../lib/i18n.ts'
import { catalogueQuery } from '../../lib/queries.ts'
import { countryAround, splitLine } from './line-key.ts'

/** What is known of lines. */
export type LineNames = {
  /** Name of a line. */
  readonly nameOf: (line: string) => string
  /** Place around a place; "" = none. */
  readonly parentOf: (place: string) => string
}

/** The names; `known` labels of the server are used where the catalogue has none. */
export function useLineNames(known: readonly LineLabel[] = []): LineNames {
  const { t, language } = useWords()
  const catalogue = useQuery(catalogueQuery()).data
  return useMemo(() => {
    const zh = language === 'zh-CN'
    const places = new Map(catalogue?.places.map((place) => [place.code, place]))
    const carriers = new Map(catalogue?.carriers.map((carrier) => [carrier.id, zh ? carrier.zh : carrier.en]))
    const labels = new Map([...(catalogue?.custom ?? []), ...known].map((label) => [label.line, zh ? label.labelZh : label.labelEn]))
    const nameOf = (line: string): string => {
      if (line === '*') return t('lines.everyone')
      if (line.startsWith('asn:')) return `AS${line.slice(4)}`
      if (line.startsWith('custom:')) return labels.get(line) ?? line
      const { place, carrier } = splitLine(line)
      const found = places.get(place)
      if (found === undefined && place !== '*') return labels.get(line) ?? line
      const parts = [place === '*' ? '' : zh ? found!.zh : found!.en, carrier === '' ? '' : (carriers.get(carrier) ?? carrier)]
      return parts.filter(Boolean).join(' · ')
    }
    return { nameOf, parentOf: (place) => places.get(place)?.within ?? countryAround(place) }
  }, [catalogue, known, language, t])
}
