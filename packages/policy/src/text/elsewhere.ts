/**
 * Whether YAML 1.1, which many tools still read, takes a text without quotes for something else: `no` for false, `1_000` for
 * a number, `2027-06-30` for a date.
 * @see https://yaml.org/type/
 */
export const isOtherwiseElsewhere = (text: string): boolean =>
  /^(?:yes|no|on|off)$/i.test(text) ||
  /^[-+]?(?:0b[01_]+|0x[\da-f_]+|\d[\d_]*(?::[0-5]?\d)*(?:\.[\d_]*)?)$/i.test(text) ||
  /^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|\s+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d\d?(?::?\d\d)?))?)?$/.test(text)
