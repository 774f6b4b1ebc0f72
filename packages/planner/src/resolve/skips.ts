import type { Catalog } from '../catalog/catalog.ts'
import { describeGrant, describeGrantee, describeName, describeProperty } from '../model/describe.ts'
import type { Reason } from '../model/operation.ts'
import type { Skipped } from '../model/plan.ts'
import { type PropertyName, propertyNameOf } from '../model/role-property.ts'

/** Why something is not given. */
export interface WhyNot {
  readonly reason: Skipped['reason']
  readonly why: string
}

/** Why nothing is taken from a role, as messages say it. */
export const additive = 'the mode is additive'

/** Collects what is asked for but will not be given, and says why. */
export class Skips {
  readonly all: Skipped[] = []
  /** The acting role, as a message names it. */
  readonly acting: string

  constructor({ server }: Catalog) {
    this.acting = `role ${describeName(server.actingRole)}`
  }

  add(asked: Reason, reason: Skipped['reason'], why: string, path?: readonly string[]): void {
    const { role, grant } = asked
    const what = grant === null ? 'create' : `grant ${describeGrant(grant)} to`
    const message = `cannot ${what} ${describeGrantee(role)}: ${why}`
    this.all.push({ role, grant, reason, message, ...(path && { path }) })
  }

  notPermitted(asked: Reason, why: string): void {
    this.add(asked, 'not permitted', why)
  }

  /** Notes a property of a role that cannot be set, or INHERIT. */
  property(role: string, property: PropertyName | 'INHERIT', { reason, why }: WhyNot): void {
    const isNamed = property !== 'INHERIT'
    const what = isNamed ? `the ${describeProperty(property)}` : property
    this.all.push({
      role,
      grant: null,
      ...(isNamed && { property: propertyNameOf(property) }),
      reason,
      message: `cannot set ${what} of role ${describeName(role)}: ${why}`,
    })
  }
}
