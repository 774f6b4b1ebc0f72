import { describeGrant } from '../model/describe.ts'
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
