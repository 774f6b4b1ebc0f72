import { quoteLiteral } from '@pgsr/planner'

const isAscii = (text: string): boolean => !/[\u0080-\uFFFF]/.test(text)

/**
 * A text as an SQL expression of ASCII characters only, which is the same in every encoding that a client may speak: to be
 * sent before it is known, or set, which one the session speaks.
 */
export const asciiLiteral = (text: string): string => {
  if (isAscii(text)) return quoteLiteral(text)
  const hex = Buffer.from(text, 'utf8').toString('hex')
  return `pg_catalog.convert_from(pg_catalog.decode('${hex}', 'hex'), 'UTF8')`
}
