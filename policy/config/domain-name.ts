/**
 * Domain names in documents: presentation form → one canonical absolute, lower-case text. Pure.
 * Escapes of RFC 1035 §5.1 (\. and \DDD) are kept where a label needs them, so equal names have equal text.
 */

/** Outcome of reading a name. */
export type DomainNameResult = { readonly ok: true; readonly name: string } | { readonly ok: false; readonly reason: string }

/** Names of lower-case labels without anything to escape: nearly all of them. */
const PLAIN_NAME = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?$/

/** Reads a name; a relative one is completed with `origin` (absolute). "@" is the origin. Without an origin the final dot may be missing. */
export function readDomainName(text: string, origin?: string): DomainNameResult {
  if (text === '@' && origin !== undefined) return { ok: true, name: origin }
  if (text === '.') return { ok: true, name: '.' }
  // Ten times as fast as label by label (2026-11); what is near the limit goes the long way, which tells what is wrong with it.
  if (text.length + (origin?.length ?? 0) < 250 && PLAIN_NAME.test(text)) {
    if (text.endsWith('.')) return { ok: true, name: text }
    return { ok: true, name: origin === undefined || origin === '.' ? `${text}.` : `${text}.${origin}` }
  }
  const labels = splitLabels(text)
  if (typeof labels === 'string') return { ok: false, reason: labels }
  const absolute = labels.at(-1)?.length === 0
  if (absolute) labels.pop()
  if (labels.length === 0 || labels.some((label) => label.length === 0)) return { ok: false, reason: 'it has an empty label' }
  const own = labels.map(formatLabel).join('.')
  const name = absolute || origin === undefined || origin === '.' ? `${own}.` : `${own}.${origin}`
  if (labels.some((label) => label.length > 63)) return { ok: false, reason: 'a label is longer than 63 octets' }
  // RFC 1035 §2.3.4: 255 octets in wire form, length octets and root included.
  if (wireLength(name) > 255) return { ok: false, reason: 'it is longer than 255 octets' }
  return { ok: true, name }
}

/** Whether a canonical name is `ancestor` or below it. */
export function isAtOrBelow(name: string, ancestor: string): boolean {
  if (ancestor === '.' || name === ancestor) return true
  if (!name.endsWith(`.${ancestor}`)) return false
  // The dot before the ancestor must separate labels, not be an escaped one: an odd run of backslashes escapes it.
  const dot = name.length - ancestor.length - 1
  let backslashes = 0
  while (name[dot - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 0
}

/** Every ancestor of a canonical name, itself first, the root last. */
export function ancestorsOf(name: string): string[] {
  const list = [name]
  let at = 0
  while (at < name.length) {
    if (name[at] === '\\') at += 2
    else if (name[at] === '.') {
      list.push(name.slice(at + 1) || '.')
      at++
    } else at++
  }
  if (name === '.') list.pop()
  return list
}

/** Labels as octet lists; a final empty label marks an absolute name. A text when it cannot be read. */
function splitLabels(text: string): number[][] | string {
  const labels: number[][] = [[]]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2e) labels.push([])
    else if (code === 0x5c) {
      const digits = /^\d{3}/.exec(text.slice(at + 1))
      if (digits !== null) {
        if (Number(digits[0]) > 255) return `the escape "\\${digits[0]}" is no octet`
        labels.at(-1)!.push(Number(digits[0]))
        at += 3
      } else {
        if (at + 1 >= text.length) return 'it ends in a backslash'
        at++
        if (text.charCodeAt(at) > 0x7e) return outsideAscii(text)
        if (/\d/.test(text[at]!)) return `"${text.slice(at - 1, at + 2)}" escapes no octet: a number has three digits`
        labels.at(-1)!.push(text.charCodeAt(at))
      }
    } else if (code > 0x7e) return outsideAscii(text)
    else if (code <= 0x20) return 'it has a space or control character'
    else labels.at(-1)!.push(code)
  }
  return labels
}

function outsideAscii(text: string): string {
  return `it has a character outside ASCII; write ${findAsciiForm(text) ?? 'its "xn--" form'}`
}

/** The form of an internationalised name that resolvers ask for (RFC 5891 §4.4), in quotes; undefined = it has none. */
export function findAsciiForm(text: string): string | undefined {
  // What else a URL may hold beside its host would be read as that.
  if (!/^[\w.*\u0080-\uffff-]+$/.test(text)) return undefined
  const name = URL.parse(`http://${text}`)?.hostname
  return name === undefined || name === '' ? undefined : `"${name}"`
}

function formatLabel(octets: readonly number[]): string {
  let text = ''
  for (const octet of octets) {
    const lower = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
    if (lower <= 0x20 || lower > 0x7e) text += `\\${String(lower).padStart(3, '0')}`
    else if (lower === 0x2e || lower === 0x5c || lower === 0x22 || lower === 0x28 || lower === 0x29 || lower === 0x3b || lower === 0x40) {
      text += `\\${String.fromCharCode(lower)}`
    } else text += String.fromCharCode(lower)
  }
  return text
}

function wireLength(name: string): number {
  // Each label costs its octets and one; the dots stand for the length octets, so only escapes and the root differ.
  return name.replaceAll(/\\(\d{3}|.)/g, 'x').length + 1
}
