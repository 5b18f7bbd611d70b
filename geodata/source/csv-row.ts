/** Splits a line of comma-separated values (RFC 4180 without line breaks inside quotes). Pure. */

/** Fields of a line; undefined when a quote is never closed. */
export function splitCsvRow(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',')
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (line[at] === '"') {
      let field = ''
      let from = at + 1
      for (;;) {
        const end = line.indexOf('"', from)
        if (end < 0) return undefined
        field += line.slice(from, end)
        at = end + 1
        if (line[at] !== '"') break
        field += '"'
        from = at + 1
      }
      fields.push(field)
      if (at < line.length && line[at] !== ',') return undefined
    } else {
      const end = line.indexOf(',', at)
      fields.push(end < 0 ? line.slice(at) : line.slice(at, end))
      at = end < 0 ? line.length : end
    }
    if (at >= line.length) return fields
    at++
  }
}
