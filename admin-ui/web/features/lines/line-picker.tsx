/**
 * Line picker: any spelling in one field (Chinese, English, pinyin, initials, code, address), or place and carrier by choice. Arrows
 * move, Space ticks several, Enter adds, or opens the rule when the line has one.
 */
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, type ReactElement, useState } from 'react'
import type { LineHit } from '../../../contract/line.ts'
import { Icon } from '../../components/icon.tsx'
import { formatPercent } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { catalogueQuery, lineSearchQuery } from '../../lib/queries.ts'
import { groupHits } from './group-hits.ts'
import { PlaceAndCarrier } from './place-and-carrier.tsx'
import { widerHits } from './wider-hits.ts'

/** Props; `hasRule` tells lines that are in the policy already. */
export type LinePickerProps = {
  readonly title: string
  readonly hasRule: (line: string) => boolean
  readonly pick: (lines: readonly string[]) => void
  readonly close: () => void
}

/** The dialog. */
export function LinePicker({ title, hasRule, pick, close }: LinePickerProps): ReactElement {
  const { t } = useWords()
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const search = useQuery(lineSearchQuery(query))
  const catalogue = useQuery(catalogueQuery()).data
  const found = query.trim() === '' ? [] : groupHits(search.data?.hits ?? [])
  const first = found[0]?.name === 'best' ? found[0].hits[0] : undefined
  const wider =
    first === undefined || catalogue === undefined
      ? []
      : widerHits(first.line, catalogue, new Set(found.flatMap((group) => group.hits.map((hit) => hit.line))))
  const groups = wider.length === 0 ? found : [...found.slice(0, 1), { name: 'wider' as const, hits: wider }, ...found.slice(1)]
  const hits = groups.flatMap((group) => group.hits)
  const chosen = Math.min(at, Math.max(0, hits.length - 1))
  const toggle = (line: string): void => {
    const next = new Set(ticked)
    if (!next.delete(line)) next.add(line)
    setTicked(next)
  }
  const lines = ticked.size > 0 ? [...ticked] : hits[chosen] === undefined ? [] : [hits[chosen].line]
  const take = (): void => {
    if (lines.length > 0) pick(lines)
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setAt(Math.min(Math.max(chosen + (event.key === 'ArrowDown' ? 1 : -1), 0), hits.length - 1))
    } else if (event.key === ' ' && hits[chosen] !== undefined && isPicking(query)) {
      event.preventDefault()
      toggle(hits[chosen].line)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      take()
    }
  }
  const opens = lines.length === 1 && hasRule(lines[0]!)
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      size={620}
      yOffset="14vh"
      centered={false}
      padding={0}
      attributes={{ content: { 'aria-label': title } }}
    >
      <div className="pk">
        <div className="in">
          <Icon name="search" />
          <input
            data-autofocus
            role="combobox"
            aria-label={title}
            aria-expanded={hits.length > 0}
            aria-controls="line-list"
            aria-activedescendant={hits.length === 0 ? undefined : `line-${chosen}`}
            autoComplete="off"
            spellCheck={false}
            placeholder={t('picker.placeholder')}
            value={query}
            onChange={(event) => {
              setQuery(event.currentTarget.value)
              setAt(0)
            }}
            onKeyDown={onKey}
          />
          <button type="button" className="chip-x" aria-label={t('state.close')} onClick={close}>
            <Icon name="close" size={14} />
          </button>
        </div>
        {catalogue === undefined ? null : <PlaceAndCarrier catalogue={catalogue} choose={toggle} ticked={ticked} />}
        {query.trim() !== '' && search.data !== undefined && hits.length === 0 && !search.isFetching ? (
          <div className="empty">{t('picker.nothing')}</div>
        ) : null}
        {hits.length === 0 ? null : (
          <div className="list" id="line-list" role="listbox" aria-label={title} aria-multiselectable="true">
            {groups.map((group) => (
              // biome-ignore lint/a11y/useSemanticElements: a group of options
              <div key={group.name} role="group" aria-label={t(`picker.${group.name}`)}>
                <div className="grp" aria-hidden="true">
                  {t(`picker.${group.name}`)}
                  {group === groups[0] ? <span>{t('picker.share')}</span> : null}
                </div>
                {group.hits.map((hit) => {
                  const index = hits.indexOf(hit)
                  return (
                    <Option
                      key={hit.line}
                      hit={hit}
                      index={index}
                      chosen={index === chosen}
                      ticked={ticked.has(hit.line)}
                      has={hasRule(hit.line)}
                      query={query}
                      toggle={toggle}
                    />
                  )
                })}
              </div>
            ))}
          </div>
        )}
        <div className="ft">
          <span>
            <kbd>↑</kbd> <kbd>↓</kbd> {t('picker.move')}
          </span>
          <span>
            <kbd>Space</kbd> {t('picker.tick')}
          </span>
          <span className="end">{ticked.size === 0 ? '' : t('picker.ticked', { count: ticked.size })}</span>
          <button type="button" className="btn sm primary" disabled={lines.length === 0} onClick={take}>
            {opens ? t('picker.open') : t('picker.add', { count: Math.max(1, lines.length) })}
          </button>
        </div>
      </div>
    </Modal>
  )
}

/** A space after a finished word ticks; inside "ningbo tel" it is part of the name. */
function isPicking(query: string): boolean {
  return /[\u4e00-\u9fff/\d]$/.test(query) || query.includes('/')
}

type OptionProps = {
  readonly hit: LineHit
  readonly index: number
  readonly chosen: boolean
  readonly ticked: boolean
  readonly has: boolean
  readonly query: string
  readonly toggle: (line: string) => void
}

function Option({ hit, index, chosen, ticked, has, query, toggle }: OptionProps): ReactElement {
  const { t, language } = useWords()
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above holds the keyboard
    <div
      id={`line-${index}`}
      className="op1"
      role="option"
      aria-selected={chosen}
      aria-checked={ticked}
      tabIndex={-1}
      onClick={() => toggle(hit.line)}
    >
      <span className={`box ${ticked ? 'on' : ''}`}>{ticked ? <Icon name="tick" size={11} /> : null}</span>
      <span className="n ell">
        <b lang="zh-CN">
          <Marked text={hit.labelZh} query={query} />
        </b>{' '}
        <span lang="en">
          <Marked text={hit.labelEn} query={query} />
        </span>
        {has ? (
          <span className="tag" style={{ marginLeft: 8 }}>
            {t('picker.hasRule')}
          </span>
        ) : null}
      </span>
      <span className="mono t3 ell" translate="no">
        {hit.line}
      </span>
      <span className="r">{hit.sharePercent === null ? '' : formatPercent(hit.sharePercent, language, 2)}</span>
    </div>
  )
}

/** Shows what was typed where it stands in the name. */
function Marked({ text, query }: { readonly text: string; readonly query: string }): ReactElement {
  const at = text.toLowerCase().indexOf(query.trim().toLowerCase())
  if (at < 0 || query.trim() === '') return <>{text}</>
  const end = at + query.trim().length
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, end)}</mark>
      {text.slice(end)}
    </>
  )
}
