/** A finished geodata file as a source below or above others: `default` is the one that ships with nearcast. Shell. */
import type { FlatRanges } from '../compile/flat-ranges.ts'
import { mergeEqualRanges } from '../compile/flat-ranges.ts'
import { canonicalRecord, type SourceRecord } from '../compile/merge-sources.ts'
import { loadGeodata } from '../geodata-file.ts'
import type { SourceKind } from './source-kind.ts'

/** A geodata file; keeps its own list of sources. */
export const snapshot: SourceKind = {
  kind: 'snapshot',
  fileCount: [1, 1],
  read: async (_spec, files) => {
    const geodata = loadGeodata(files[0]!)
    const records: SourceRecord[] = geodata.locations.map((location) => canonicalRecord(location))
    return {
      ranges: {
        v4: flat(1, geodata.v4.starts, geodata.v4.values),
        v6: flat(4, geodata.v6.starts, geodata.v6.values),
        records: [{}, ...records.slice(1)],
        descriptionCount: geodata.header.sources.length,
      },
      descriptions: geodata.header.sources.map(({ coverage: _, ...description }) => description),
    }
  },
}

function flat(width: 1 | 4, starts: Uint32Array, values: Uint32Array): FlatRanges {
  return mergeEqualRanges({ width, starts, values })
}
