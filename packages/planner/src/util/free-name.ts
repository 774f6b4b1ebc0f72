/**
 * The first name that is not taken.
 * @param named the name that an id makes
 * @param from what the ids are derived from
 */
export const freeName = (
  named: (id: string) => string,
  from: string,
  taken: (name: string) => boolean,
): string => {
  for (let counter = 0; ; counter++) {
    const name = named(hash(`${from}\0${counter}`))
    if (!taken(name)) return name
  }
}

/** Eight hexadecimal digits of a text: FNV-1a with a final mix. Spreads well; not meant to withstand an attacker. */
export const hash = (text: string): string => {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return ((value ^ (value >>> 16)) >>> 0).toString(16).padStart(8, '0')
}
