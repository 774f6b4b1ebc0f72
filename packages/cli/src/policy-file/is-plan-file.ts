/** What an object of JSON has. */
export type Fields = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a text is a saved plan. A policy as JSON has a number there. */
export const isPlanFile = (text: string): boolean => {
  if (!text.trimStart().startsWith('{')) return false
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && value['pgsr'] === 'plan'
  } catch {
    return false
  }
}
