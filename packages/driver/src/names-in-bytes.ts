import { TextDecoder } from 'node:util'

/**
 * Role names stand in the catalogs as bytes, in the encoding of the database in which each was made, and a database of
 * encoding SQL_ASCII does not know what encoding its names are in. PostgreSQL then refuses to send them (22021, 22P05), or
 * sends what is no UTF-8. Such an answer is asked for again, in bytes.
 */
const refusals: ReadonlySet<string> = new Set(['22021', '22P05'])

/** What a driver makes of what is no UTF-8. */
const replacement = '\uFFFD'

export const isRefusedEncoding = ({ sqlState }: { readonly sqlState: string | undefined }): boolean =>
  sqlState !== undefined && refusals.has(sqlState)

export const isGarbled = (text: string): boolean => text.includes(replacement)

/** The connections and pools on which there have been such names. */
const seen = new WeakSet<object>()

export const needsBytes = (connection: object): boolean => seen.has(connection)

export const noteBytes = (connection: object): void => {
  seen.add(connection)
}

/** What reads the characters of an encoding: how many bytes the next one takes, and what it is, if it is one. */
type Reader = (bytes: Uint8Array, start: number) => readonly [length: number, character: string | undefined]

const decoded = (decoder: TextDecoder, bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** How many bytes a character has that begins with a byte, in UTF-8. */
const lengthFrom = (byte: number): number => (byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4)

const inUtf8: Reader = (bytes, start) => {
  const length = lengthFrom(bytes[start]!)
  const character = decoded(utf8, bytes.subarray(start, start + length))
  return [character === undefined ? 1 : length, character]
}

/** Of encodings that take more bytes for some characters, nobody but PostgreSQL knows what it takes for one. */
const asciiOnly: Reader = () => [1, undefined]

/** Encodings of a byte for each character that can refuse one, as the Encoding Standard calls them. */
const labels: Readonly<Record<string, string>> = {
  LATIN3: 'iso-8859-3',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
  WIN874: 'windows-874',
}

/** Those of Windows have no control characters there, whatever the standard says; PostgreSQL goes by that. */
const isNone = (character: string | undefined): boolean =>
  character === undefined || /[\u0080-\u009F]/.test(character)

const inSingleBytes = (label: string): Reader => {
  const decoder = new TextDecoder(label, { fatal: true })
  return (bytes, start) => {
    const character = decoded(decoder, bytes.subarray(start, start + 1))
    return [1, label.startsWith('windows') && isNone(character) ? undefined : character]
  }
}

const readerOf = (encoding: string): Reader => {
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return inUtf8
  const label = labels[encoding]
  return label === undefined ? asciiOnly : inSingleBytes(label)
}

/**
 * The text of an answer in bytes, after the encoding of the database. Each byte that is no character stands there as a lone
 * surrogate: no name that is a text has one, and names that differ stay different.
 */
export const textOfBytes = (answer: string): string => {
  const [encoding = '', hex = ''] = answer.split(' ')
  const read = readerOf(encoding)
  const bytes = Buffer.from(hex, 'hex')
  const parts: string[] = []
  for (let index = 0; index < bytes.length;) {
    const byte = bytes[index]!
    const [length, character] = byte < 0x80 ? [1, String.fromCharCode(byte)] : read(bytes, index)
    parts.push(character ?? String.fromCharCode(0xdc00 + byte))
    index += length
  }
  return parts.join('')
}
