import { TextDecoder } from 'node:util'
import { type RawBuilder, sql } from 'kysely'

/**
 * The catalogs store role names as bytes, in the encoding of the database in which the role was created, and a database of
 * encoding SQL_ASCII does not know the encoding of its names. PostgreSQL then refuses to send such names (22021, 22P05), or
 * sends bytes that are not UTF-8. The query is then sent again, to answer in bytes.
 */
const refusals: ReadonlySet<string> = new Set(['22021', '22P05'])

/** What a driver makes of bytes that are not UTF-8. */
const replacement = '\uFFFD'

export const isRefusedEncoding = ({ sqlState }: { readonly sqlState: string | undefined }): boolean =>
  sqlState !== undefined && refusals.has(sqlState)

export const isGarbled = (text: string): boolean => text.includes(replacement)

/** The connections and pools on which such names have been met. */
const seen = new WeakSet<object>()

export const needsBytes = (connection: object): boolean => seen.has(connection)

export const noteBytes = (connection: object): void => {
  seen.add(connection)
}

/** The encoding of the database, and the bytes of a value as hexadecimal digits, valid in that encoding or not. */
export const bytesOf = (value: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`pg_catalog.getdatabaseencoding()::text || ' ' || pg_catalog.encode(pg_catalog.decode(pg_catalog.replace((${value})::text, E'\\\\', E'\\\\\\\\'), 'escape'), 'hex')`

/** Reads the next character in an encoding: its length in bytes, and the character, if the bytes are valid. */
type Reader = (bytes: Uint8Array, start: number) => readonly [length: number, character: string | undefined]

const decoded = (decoder: TextDecoder, bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The length in bytes of a UTF-8 character, by its first byte. */
const lengthFrom = (byte: number): number => (byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4)

const inUtf8: Reader = (bytes, start) => {
  const length = lengthFrom(bytes[start]!)
  const character = decoded(utf8, bytes.subarray(start, start + length))
  return [character === undefined ? 1 : length, character]
}

/** For other encodings with several bytes per character, only PostgreSQL knows what it accepts. */
const asciiOnly: Reader = () => [1, undefined]

/** Single-byte encodings with invalid bytes, by their names in the Encoding Standard. */
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

/** The Encoding Standard has control characters in this range of the Windows encodings. PostgreSQL has none. */
const isInvalid = (character: string | undefined): boolean =>
  character === undefined || /[\u0080-\u009F]/.test(character)

const inSingleBytes = (label: string): Reader => {
  const decoder = new TextDecoder(label, { fatal: true })
  return (bytes, start) => {
    const character = decoded(decoder, bytes.subarray(start, start + 1))
    return [1, label.startsWith('windows') && isInvalid(character) ? undefined : character]
  }
}

const readerOf = (encoding: string): Reader => {
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return inUtf8
  const label = labels[encoding]
  return label === undefined ? asciiOnly : inSingleBytes(label)
}

/**
 * Decodes an answer in bytes, which is preceded by the encoding of the database. An invalid byte becomes a lone surrogate: no
 * valid name contains one, and different names stay different.
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
