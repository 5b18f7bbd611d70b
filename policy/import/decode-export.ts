/** Bytes of an export → text: UTF-8 with or without BOM, UTF-16 of spreadsheets, GB18030 of Chinese Windows. Pure. */
import { ImportError } from './vendor-export.ts'

/** Largest export: a hundred thousand records with remarks. */
export const EXPORT_LIMIT_BYTES = 67_108_864

/** The text. Throws IMPORT_FORMAT for spreadsheets, web pages, and what is no text. */
export function decodeExport(bytes: Uint8Array, file: string): string {
  if (bytes.length === 0) throw new ImportError(`"${file}" is empty`, 'export the records again')
  if (bytes.length > EXPORT_LIMIT_BYTES)
    throw new ImportError(`"${file}" is longer than ${EXPORT_LIMIT_BYTES} bytes`, 'export zone by zone')
  const [a, b, c] = bytes
  if (a === 0x50 && b === 0x4b) throw new ImportError(`"${file}" is a spreadsheet (xlsx)`, 'save it as CSV, in any encoding')
  if (a === 0xd0 && b === 0xcf && c === 0x11) throw new ImportError(`"${file}" is a spreadsheet (xls)`, 'save it as CSV, in any encoding')
  const text = textOf(bytes, file).replace(/^\uFEFF/, '')
  if (/^\s*<(!doctype|html|\?xml)/i.test(text))
    throw new ImportError(`"${file}" is a web page, no export`, 'export the records as CSV or JSON')
  if (text.includes('\0')) throw new ImportError(`"${file}" is no text`, 'export the records as CSV or JSON')
  return text
}

function textOf(bytes: Uint8Array, file: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  // GB18030 takes nearly any bytes, so UTF-8, which does not, is tried first.
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // Not this one.
    }
  }
  throw new ImportError(`"${file}" is neither UTF-8 nor GB18030`, 'save it as UTF-8')
}
