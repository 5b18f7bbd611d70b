/** One field for everything: addresses, lines in any spelling, endpoints, policies, steered names, pages. */
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactElement, useState } from 'react'
import { Icon, type IconName } from '../../components/icon.tsx'
import { useWords } from '../../lib/i18n.ts'
import { endpointsQuery, lineSearchQuery, policiesQuery } from '../../lib/queries.ts'
import { looksLikeAddress } from '../lines/looks-like-address.ts'
import { NAVIGATION } from './navigation.ts'

type Entry = {
  readonly key: string
  readonly group: string
  readonly icon: IconName
  readonly text: string
  readonly hint: string
  readonly run: () => void
}
const GROUP_MAX = 6

/** The dialog. */
export function SearchPalette({ close }: { readonly close: () => void }): ReactElement {
  const { t } = useWords()
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const entries = useEntries(query.trim(), close)
  const chosen = Math.min(at, Math.max(0, entries.length - 1))
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const next = chosen + (event.key === 'ArrowDown' ? 1 : -1)
      setAt(Math.min(Math.max(next, 0), entries.length - 1))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      entries[chosen]?.run()
    }
  }
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      size={600}
      yOffset="10vh"
      centered={false}
      padding={0}
      attributes={{ content: { 'aria-label': t('shell.search') } }}
    >
      <div className="palette">
        <div className="in">
          <Icon name="search" />
          <input
            data-autofocus
            role="combobox"
            aria-label={t('shell.search')}
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={entries.length === 0 ? undefined : `palette-${chosen}`}
            autoComplete="off"
            spellCheck={false}
            placeholder={t('shell.searchHint')}
            value={query}
            onChange={(event) => {
              setQuery(event.currentTarget.value)
              setAt(0)
            }}
            onKeyDown={onKey}
          />
          <kbd>Esc</kbd>
        </div>
        {entries.length === 0 ? (
          <div className="empty">{t('search.nothing')}</div>
        ) : (
          <div className="options" id="palette-list" role="listbox" aria-label={t('shell.search')}>
            {entries.map((entry, index) => (
              <Row
                key={entry.key}
                entry={entry}
                index={index}
                chosen={index === chosen}
                first={entries[index - 1]?.group !== entry.group}
              />
            ))}
          </div>
        )}
      </div>
    </Modal>
  )
}

function Row({
  entry,
  index,
  chosen,
  first,
}: {
  readonly entry: Entry
  readonly index: number
  readonly chosen: boolean
  readonly first: boolean
}): ReactElement {
  return (
    <>
      {first ? (
        <div role="presentation" className="grp">
          {entry.group}
        </div>
      ) : null}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above holds the keyboard */}
      <div id={`palette-${index}`} role="option" aria-selected={chosen} tabIndex={-1} onClick={entry.run}>
        <Icon name={entry.icon} size={14} />
        <span className="grow ell">{entry.text}</span>
        <span className="t3 s11 mono ell">{entry.hint}</span>
      </div>
    </>
  )
}

function useEntries(query: string, close: () => void): readonly Entry[] {
  const { t, language } = useWords()
  const navigate = useNavigate()
  const policies = useQuery(policiesQuery('draft')).data?.policies ?? []
  const endpoints = useQuery(endpointsQuery()).data?.endpoints ?? []
  const address = looksLikeAddress(query)
  const lines = useQuery({ ...lineSearchQuery(address ? '' : query) }).data?.hits ?? []
  const folded = query.toLowerCase()
  const has = (text: string): boolean => text.toLowerCase().includes(folded)
  const go = (open: () => Promise<void>): (() => void) => {
    return () => {
      void open()
      close()
    }
  }
  const entries: Entry[] = []
  if (address) {
    for (const { name, types } of policies.flatMap((policy) => policy.names).slice(0, GROUP_MAX)) {
      const question = { client: query, name, type: types[0] ?? 'A' }
      entries.push({
        key: `e${name}`,
        group: t('nav.explain'),
        icon: 'explain',
        text: t('search.explain', { client: query, name }),
        hint: '',
        run: go(() => navigate({ to: '/explain', search: question })),
      })
    }
    for (const policy of policies.slice(0, GROUP_MAX)) {
      entries.push({
        key: `w${policy.id}`,
        group: t('walk.title'),
        icon: 'policies',
        text: t('search.walk', { client: query, policy: policy.id }),
        hint: '',
        run: go(() => navigate({ to: '/policies/$id', params: { id: policy.id }, search: { walk: query } })),
      })
    }
    for (const endpoint of endpoints.filter((one) => [one.ipv4, one.ipv6].includes(query))) {
      entries.push({
        key: `n${endpoint.id}`,
        group: t('nav.endpoints'),
        icon: 'endpoints',
        text: endpoint.id,
        hint: query,
        run: go(() => navigate({ to: '/endpoints', search: { filter: endpoint.id } })),
      })
    }
    return entries
  }
  for (const policy of policies
    .filter((one) => query === '' || has(one.id) || one.names.some((name) => has(name.name)))
    .slice(0, GROUP_MAX)) {
    entries.push({
      key: `p${policy.id}`,
      group: t('nav.policies'),
      icon: 'policies',
      text: policy.id,
      hint: policy.names[0]?.name ?? '',
      run: go(() => navigate({ to: '/policies/$id', params: { id: policy.id } })),
    })
  }
  if (query !== '') {
    for (const endpoint of endpoints
      .filter((one) => has(one.id) || has(one.ipv4) || has(one.placeEn) || has(one.placeZh))
      .slice(0, GROUP_MAX)) {
      entries.push({
        key: `n${endpoint.id}`,
        group: t('nav.endpoints'),
        icon: 'endpoints',
        text: endpoint.id,
        hint: endpoint.ipv4 || endpoint.ipv6,
        run: go(() => navigate({ to: '/endpoints', search: { filter: endpoint.id } })),
      })
    }
    const policy = policies[0]
    if (policy !== undefined) {
      for (const hit of lines.slice(0, GROUP_MAX)) {
        const label = language === 'zh-CN' ? hit.labelZh : hit.labelEn
        entries.push({
          key: `l${hit.line}`,
          group: t('search.lines', { policy: policy.id }),
          icon: 'lines',
          text: label,
          hint: hit.line,
          run: go(() => navigate({ to: '/policies/$id', params: { id: policy.id }, search: { line: hit.line } })),
        })
      }
    }
  }
  for (const { to, icon, word } of NAVIGATION.flatMap((group) => group.entries)) {
    const text = t(`nav.${word}`)
    if (query === '' || has(text))
      entries.push({ key: to, group: t('search.pages'), icon, text, hint: '', run: go(() => navigate({ to })) })
  }
  return entries
}
