import { describeGrant, describeName } from '../model/describe.ts'
import type { Grant } from '../model/grant.ts'

/** Describes a grant that may be incomplete, or not a grant at all. */
export const describeGiven = (grant: Grant): string => {
  try {
    const description: string | undefined = describeGrant(grant)
    return description ?? 'this'
  } catch {
    return 'this'
  }
}

/** A string as messages show it, with a space after it; empty for any other value. */
export const quotedText = (value: unknown): string =>
  typeof value === 'string' ? `${describeName(value)} ` : ''
