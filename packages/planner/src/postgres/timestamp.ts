const iso = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:?\d{2})$/

/** The year, which is negative before Christ. */
const yearOf = (text: string): number => {
  if (text.endsWith('infinity')) return text.startsWith('-') ? -Infinity : Infinity
  const year = Number.parseInt(text, 10)
  return text.endsWith('BC') ? -year : year
}

/** Whether a point in time, as snapshots write it, is later than another one. Years may have more than four digits. */
export const isLater = (one: string, other: string): boolean => {
  const [year, otherYear] = [yearOf(one), yearOf(other)]
  return year === otherYear ? one > other : year > otherYear
}

/**
 * A point in time as snapshots write it: UTC with microseconds, `2027-06-30T00:00:00.000000Z`.
 * Takes ISO 8601 with an offset, years 0001 to 9999, or `infinity`; `undefined` for anything else: PostgreSQL also
 * reads `tomorrow` and the like, which would mean another time at each sync.
 */
export const timestamp = (text: string): string | undefined => {
  if (text === 'infinity') return text
  const match = iso.exec(text)
  if (!match) return undefined
  const [, minutes = '', seconds = '00', fraction = '', offset = ''] = match
  const date = new Date(`${minutes}:${seconds}${offset.replace(/^(.\d{2})(\d{2})$/, '$1:$2')}`)
  if (Number.isNaN(date.getTime())) return undefined
  const utc = date.toISOString()
  // JavaScript rolls 30 February over to March; a date is only good if its day survives.
  const [day] = new Date(`${minutes.slice(0, 10)}T00:00:00Z`).toISOString().split('T')
  if (day !== minutes.slice(0, 10) || !/^\d{4}-/.test(utc) || utc.startsWith('0000')) return undefined
  return `${utc.slice(0, 19)}.${fraction.padEnd(6, '0')}Z`
}
