/**
 * Frame Streams (the transport of dnstap): data frames and control frames, as libfstrm writes and reads them. Pure.
 *
 *   data frame     u32 length, payload
 *   control frame  u32 0, u32 length, u32 type, fields of: u32 1 (content type), u32 length, text
 *
 * A file is START, data …, STOP. A socket is READY → ← ACCEPT, START, data …, STOP → ← FINISH.
 */

/** Content type of dnstap. */
export const DNSTAP_CONTENT_TYPE = 'protobuf:dnstap.Dnstap'

/** The reader takes one of the offered content types. */
export const FRAME_ACCEPT = 1
/** Data follows. */
export const FRAME_START = 2
/** No more data follows. */
export const FRAME_STOP = 3
/** The writer offers content types. */
export const FRAME_READY = 4
/** The reader has read up to STOP. */
export const FRAME_FINISH = 5

const FIELD_CONTENT_TYPE = 1
/** Longest control frame of libfstrm. */
const MAX_CONTROL_BYTES = 512

/** A control frame with or without the content type of dnstap. */
export function encodeControlFrame(type: number): Uint8Array {
  const withContent = type !== FRAME_STOP && type !== FRAME_FINISH
  const content = withContent ? Buffer.from(DNSTAP_CONTENT_TYPE, 'latin1') : Buffer.alloc(0)
  const length = 4 + (withContent ? 8 + content.length : 0)
  const frame = Buffer.alloc(8 + length)
  frame.writeUInt32BE(0, 0)
  frame.writeUInt32BE(length, 4)
  frame.writeUInt32BE(type, 8)
  if (withContent) {
    frame.writeUInt32BE(FIELD_CONTENT_TYPE, 12)
    frame.writeUInt32BE(content.length, 16)
    frame.set(content, 20)
  }
  return frame
}

/** A control frame that was read. */
export type ControlFrame = { readonly type: number; readonly contentTypes: readonly string[]; readonly size: number }

/** Reads the control frame at the start of `bytes`; undefined when more bytes are needed. Throws when it is none. */
export function decodeControlFrame(bytes: Uint8Array): ControlFrame | undefined {
  if (bytes.length < 12) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const length = view.getUint32(4)
  if (view.getUint32(0) !== 0 || length < 4 || length > MAX_CONTROL_BYTES) throw new Error('what the reader sent is no control frame')
  if (bytes.length < 8 + length) return undefined
  const contentTypes: string[] = []
  for (let at = 12; at < 8 + length; ) {
    const size = at + 8 <= 8 + length ? view.getUint32(at + 4) : -1
    if (size < 0 || at + 8 + size > 8 + length) throw new Error('a field of the control frame of the reader is cut off')
    if (view.getUint32(at) === FIELD_CONTENT_TYPE)
      contentTypes.push(Buffer.from(bytes.buffer, bytes.byteOffset + at + 8, size).toString('latin1'))
    at += 8 + size
  }
  return { type: view.getUint32(8), contentTypes, size: 8 + length }
}
