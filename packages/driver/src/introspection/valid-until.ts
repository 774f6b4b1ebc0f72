/** A point in time as PostgreSQL writes it in JSON: a year of four or more digits, and as many of the fraction as are needed. */
const inJson = /^"(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?( BC)?"$/

/**
 * Until when the password of a role is valid, as snapshots write it: in UTC with microseconds, or `infinity`.
 * @param json as the catalogs have it; null for infinity
 * @throws RangeError when it is something else
 */
export const validUntilOf = (json: string | null): string => {
  if (json === null || json === '"infinity"') return 'infinity'
  if (json === '"-infinity"') return '-infinity'
  const [, seconds, fraction = '', bc = ''] = inJson.exec(json) ?? []
  if (seconds === undefined) throw new RangeError(`unknown point in time ${json}`)
  return `${seconds}.${fraction.padEnd(6, '0')}Z${bc}`
}
