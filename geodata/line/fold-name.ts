/** Comparable form of a name. Pure; the one rule by which names of places and carriers are compared, here and in sources. */

/** A name in lower case, without spaces, apostrophes, marks and accents. */
export function fold(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\s'’‘,.&-]/g, '')
    .toLowerCase()
}
