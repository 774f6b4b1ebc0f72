import { aclKey, heldBy } from '../acl.ts'
import { tableOf } from '../column.ts'
import { getOrMake } from '../get-or-make.ts'
import type { GrantPrivilege, Operation, Reason, RevokePrivilege } from '../operation.ts'
import { holdsOption } from '../grant-option.ts'
import { type Revoked, revocationsOf } from '../revocation.ts'
import type { Privilege } from '../privilege.ts'
import type { Wanted } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
import { lending } from './lend.ts'
import type { Phase } from './phase.ts'

/** What is done before some operations and undone after them. */
interface Meanwhile {
  readonly before: readonly Operation[]
  readonly after: readonly Operation[]
}

const nobody: ReadonlySet<string> = new Set()

const lentKey = ({ key }: WorldObject, privilege: Privilege): string => `${key}\0${privilege}`

const named = ({ kind, name }: WorldObject) => ({ kind, name })

const reasonFor = (meanwhile: NonNullable<Reason['meanwhile']>, role: string): Reason => ({
  role,
  grant: null,
  meanwhile,
})

/** Statements that revoke, with what is lent to their grantors around them. */
class Revoking {
  readonly #world: World
  readonly #wanted: Wanted
  readonly #paused = new Map<string, Meanwhile>()
  readonly #options = new Map<string, Meanwhile>()
  /** By object and privilege: whom the grant option is lent to. */
  readonly #lent = new Map<string, Set<string>>()

  constructor(world: World, wanted: Wanted) {
    this.#world = world
    this.#wanted = wanted
  }

  operations(all: readonly Revoked[]): readonly Operation[] {
    const gone = new Set(
      all.map(({ object, item, privilege }) => `${lentKey(object, privilege)}\0${aclKey(item)}`),
    )
    for (const revoked of all) if (revoked.item.grantor !== revoked.object.owner) this.#enable(revoked, gone)
    const around = [...this.#paused.values(), ...this.#options.values()]
    return [
      ...around.flatMap(({ before }) => before),
      ...all.map((revoked) => this.#revoke(revoked)),
      ...around.toReversed().flatMap(({ after }) => after),
      ...this.#keepAll(all),
    ]
  }

  #revoke({ object, item, privilege, verdict, because }: Revoked): RevokePrivilege {
    const { grantee, grantor } = item
    return {
      kind: 'revokePrivilege',
      object: named(object),
      privilege,
      grantee,
      grantor,
      grantOptionOnly: verdict === 'strip grant option',
      as: this.#speaker(object, privilege, grantor),
      because,
    }
  }

  #speaker(object: WorldObject, privilege: Privilege, grantor: string = object.owner): string {
    const lentTo = this.#lent.get(lentKey(object, privilege)) ?? nobody
    return this.#wanted.authorityOverPrivileges.speaker(object, privilege, { grantor, lentTo })
  }

  /** A grantor that is no owner may have become a superuser, or have lost the grant option. */
  #enable({ object, item: { grantor }, privilege }: Revoked, gone: ReadonlySet<string>): void {
    const key = lentKey(object, privilege)
    const lentTo = getOrMake(this.#lent, key, () => new Set())
    if (this.#wanted.authority.isSuperuser && this.#world.isSuperuser(grantor))
      this.#paused.set(grantor, this.#pause(grantor))
    if (lentTo.has(grantor) || holdsOption(this.#world, object, privilege, grantor)) return
    lentTo.add(grantor)
    const loan = this.#lendOption(object, privilege, grantor)
    // With what it holds of the owner itself, the grant option goes too, as it does with what it has on the table.
    const isGone = [object, ...tableOf(this.#world, object)].some((one) =>
      gone.has(`${lentKey(one, privilege)}\0${aclKey({ grantee: grantor, grantor: object.owner })}`),
    )
    this.#options.set(`${key}\0${grantor}`, isGone ? { ...loan, after: [] } : loan)
  }

  #pause(role: string): Meanwhile {
    const base = {
      kind: 'setAttribute',
      role,
      attribute: 'SUPERUSER',
      as: this.#world.server.actingRole,
    } as const
    return {
      before: [{ ...base, value: false, because: reasonFor('pause', role) }],
      after: [{ ...base, value: true, because: reasonFor('resume', role) }],
    }
  }

  /** Taking it back on a table takes it on the columns too, where it has to be put back. */
  #lendOption(object: WorldObject, privilege: Privilege, grantee: string): Meanwhile {
    const held = { privilege, grantee, grantor: object.owner }
    const grantOptionOnly = heldBy(object.acl, held) !== undefined
    const base = {
      ...held,
      as: this.#speaker(object, privilege),
    }
    const because = reasonFor('take back', grantee)
    const columns = object.kind === 'table' ? this.#world.followersOf(object) : []
    const putBack = columns.flatMap((column): Operation[] => {
      const grantable = heldBy(column.acl, held)
      if (column.kind !== 'column' || grantable === undefined || (grantOptionOnly && !grantable)) return []
      return [
        {
          kind: 'grantPrivilege',
          ...base,
          object: named(column),
          ...(grantable && { grantable }),
          because,
        },
      ]
    })
    const on = { ...base, object: named(object) }
    return {
      before: [{ kind: 'grantPrivilege', ...on, grantable: true, because: reasonFor('lend', grantee) }],
      after: [{ kind: 'revokePrivilege', ...on, grantOptionOnly, because }, ...putBack],
    }
  }

  /** Each once, from whomever it had it. */
  #keepAll(all: readonly Revoked[]): readonly Operation[] {
    const kept = new Map<string, GrantPrivilege>()
    for (const revoked of all)
      for (const operation of this.#keep(revoked)) {
        const key = `${lentKey(revoked.object, operation.privilege)}\0${operation.grantee}`
        if (kept.get(key)?.grantable !== true) kept.set(key, operation)
      }
    return [...kept.values()]
  }

  /** Who lost something only because it was passed on may keep it, from the owner. */
  #keep(revoked: Revoked): readonly GrantPrivilege[] {
    const { object, item, privilege, because, isCollateral = false } = revoked
    const { grantee, privileges } = item
    const { keepDependents, desired, authorityOverPrivileges } = this.#wanted
    const isOthers = !desired.has(grantee) && grantee !== object.owner
    const fromOwner = heldBy(object.acl, { privilege, grantee, grantor: object.owner })
    const hasItAnyway = fromOwner !== undefined && (fromOwner || privileges.get(privilege) !== true)
    if (!isOthers || hasItAnyway || !(keepDependents || isCollateral)) return []
    if (authorityOverPrivileges.whyNotManaged(object, privilege, { saying: 'grant' }) !== undefined) return []
    return [
      {
        kind: 'grantPrivilege',
        object: named(object),
        privilege,
        grantee,
        grantor: object.owner,
        ...(privileges.get(privilege) === true && { grantable: true as const }),
        as: authorityOverPrivileges.speaker(object, privilege, { saying: 'grant' }),
        because: { ...because, keeps: grantee },
      },
    ]
  }
}

const revokeWhere = (from: (object: Pick<WorldObject, 'kind'>) => boolean): Phase =>
  lending(
    ({ authorityOverPrivileges }) => authorityOverPrivileges,
    (world, wanted) => new Revoking(world, wanted).operations(revocationsOf(world, wanted, from).possible),
  )

export const isContainer = ({ kind }: Pick<WorldObject, 'kind'>): boolean =>
  kind === 'schema' || kind === 'database'

/** What is on schemas' contents. Tables before columns: to revoke a privilege on a table revokes it on its columns. */
export const revokeOnContents: Phase = revokeWhere(
  (object) => !isContainer(object) && object.kind !== 'column',
)

export const revokeOnColumns: Phase = revokeWhere(({ kind }) => kind === 'column')

/** What is on schemas and databases, once nothing in them has to be reached any more. */
export const revokeOnContainers: Phase = revokeWhere(isContainer)
