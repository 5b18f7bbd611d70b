/** Registry of source formats: a new format is one new file and one line here. */
import { asnCsv } from './asn-csv.ts'
import { cidrList } from './cidr-list.ts'
import { corrections } from './corrections.ts'
import { countryCsv } from './country-csv.ts'
import { csv } from './csv.ts'
import { ipdb } from './ipdb.ts'
import { mmdb } from './mmdb.ts'
import { numberingPlan } from './numbering-plan.ts'
import { snapshot } from './snapshot.ts'
import type { SourceKind } from './source-kind.ts'
import { xdb } from './xdb.ts'

/** All formats. */
export const SOURCE_KINDS: readonly SourceKind[] = [
  mmdb,
  xdb,
  ipdb,
  csv,
  cidrList,
  asnCsv,
  countryCsv,
  numberingPlan,
  snapshot,
  corrections,
]
