/** Place and carrier by choice: province, then city, and a carrier; the pair is ticked in the picker. */
import { type ReactElement, useState } from 'react'
import type { CataloguePlace, LineCatalogue } from '../../../contract/line.ts'
import { useWords } from '../../lib/i18n.ts'

/** Props. */
export type PlaceAndCarrierProps = {
  readonly catalogue: LineCatalogue
  readonly choose: (line: string) => void
  readonly ticked: ReadonlySet<string>
}

const LARGE = ['telecom', 'unicom', 'mobile', 'edu', 'cbn']

/** The three fields. */
export function PlaceAndCarrier({ catalogue, choose, ticked }: PlaceAndCarrierProps): ReactElement {
  const { t, language } = useWords()
  const zh = language === 'zh-CN'
  const [wide, setWide] = useState('')
  const [city, setCity] = useState('')
  const [carrier, setCarrier] = useState('')
  const named = (place: { readonly en: string; readonly zh: string }): string => (zh ? place.zh : place.en)
  const of = (...kinds: readonly CataloguePlace['kind'][]): readonly CataloguePlace[] =>
    catalogue.places.filter((place) => kinds.includes(place.kind))
  const cities = of('city').filter((place) => place.within === wide)
  const place = city || wide
  const line = place === '' && carrier === '' ? '' : `${place === '' ? '*' : place}${carrier === '' ? '' : `/${carrier}`}`
  const carriers = [...catalogue.carriers].sort((a, b) => rank(a.id) - rank(b.id))
  return (
    <div>
      <div className="pkplace">
        <label>
          {t('picker.province')}
          <span className="field" style={{ height: 30 }}>
            <select
              value={wide}
              onChange={(event) => {
                setWide(event.currentTarget.value)
                setCity('')
              }}
            >
              <option value="">{t('picker.anywhere')}</option>
              <optgroup label={t('lineClass.province')}>
                {of('province').map((one) => (
                  <option key={one.code} value={one.code}>
                    {named(one)}
                  </option>
                ))}
              </optgroup>
              <optgroup label={t('lineClass.big-region')}>
                {of('big-region').map((one) => (
                  <option key={one.code} value={one.code}>
                    {named(one)}
                  </option>
                ))}
              </optgroup>
              <optgroup label={t('lineClass.country')}>
                {of('class', 'country', 'continent')
                  .filter((one) => one.code !== '*')
                  .map((one) => (
                    <option key={one.code} value={one.code}>
                      {named(one)}
                    </option>
                  ))}
              </optgroup>
            </select>
          </span>
        </label>
        <label>
          {t('lineClass.city')}
          <span className="field" style={{ height: 30 }}>
            <select value={city} disabled={cities.length === 0} onChange={(event) => setCity(event.currentTarget.value)}>
              <option value="">{t('picker.wholeProvince')}</option>
              {cities.map((one) => (
                <option key={one.code} value={one.code}>
                  {named(one)}
                </option>
              ))}
            </select>
          </span>
        </label>
        <label>
          {t('lineClass.carrier')}
          <span className="field" style={{ height: 30 }}>
            <select value={carrier} onChange={(event) => setCarrier(event.currentTarget.value)}>
              <option value="">{t('picker.allCarriers')}</option>
              {carriers.map((one) => (
                <option key={one.id} value={one.id}>
                  {named(one)}
                </option>
              ))}
            </select>
          </span>
        </label>
      </div>
      {line === '' ? null : (
        <div className="row" style={{ padding: '8px 14px', borderBottom: '1px solid var(--line)' }}>
          <span className="mono t2" translate="no">
            {line}
          </span>
          <span className="grow" />
          <button type="button" className="btn sm" onClick={() => choose(line)}>
            {ticked.has(line) ? t('picker.untick') : t('picker.tickThis')}
          </button>
        </div>
      )}
    </div>
  )
}

function rank(carrier: string): number {
  const at = LARGE.indexOf(carrier)
  return at < 0 ? LARGE.length : at
}
