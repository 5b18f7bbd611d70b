/** Whether a text is meant as an address or prefix, by its form alone; the server judges it. Pure. */

/** True for "192.0.2.77", "192.0.2.0/24", "2001:db8::1". */
export function looksLikeAddress(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){1,3}(?:\/\d{0,2})?$/.test(text) || /^[0-9a-f]{0,4}:[0-9a-f:.]*(?:\/\d{0,3})?$/i.test(text)
}
