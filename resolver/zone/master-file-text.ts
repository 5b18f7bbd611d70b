/**
 * A master file is octets (RFC 1035 §5.1, RFC 2181 §11); documents, stores and the console hold texts. Octets of UTF-8 become its
 * characters, which the readers of names and texts turn back into the same octets; all others become escapes (\DDD). Pure.
 */

/** Of octets as Latin-1: an escape of ASCII, which stays; a character of UTF-8 (RFC 3629 §4); an octet of none, maybe escaped. */
const PIECES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape may be of any octet of ASCII.
  /\\[\x00-\x7f]|([\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})|\\?([\x80-\xff])/g

/** The text of a master file; no octet of it is lost. */
export function decodeMasterFile(octets: Uint8Array): string {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  const text = buffer.toString('utf8')
  // A replacement character comes from the file itself, or stands for octets that are no UTF-8.
  if (!text.includes('\ufffd')) return text
  return buffer.toString('latin1').replaceAll(PIECES, (piece: string, utf8: string | undefined, alone: string | undefined) => {
    if (alone !== undefined) return `\\${alone.charCodeAt(0)}`
    return utf8 === undefined ? piece : Buffer.from(piece, 'latin1').toString('utf8')
  })
}
