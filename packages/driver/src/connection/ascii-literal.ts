import { quoteLiteral } from '@pgsr/planner'

const isAscii = (text: string): boolean => !/[\u0080-\uFFFF]/.test(text)

/**
 * A text as an SQL expression of ASCII characters only. It means the same in every client encoding, so that it can be sent
 * before the encoding of the session is known or set.
 */
export const asciiLiteral = (text: string): string => {
  if (isAscii(text)) return quoteLiteral(text)
  const hex = Buffer.from(text, 'utf8').toString('hex')
  return `pg_catalog.convert_from(pg_catalog.decode('${hex}', 'hex'), 'UTF8')`
}
