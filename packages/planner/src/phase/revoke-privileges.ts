import { aclKey, heldBy } from '../acl.ts'
import { Authority } from '../authority.ts'
import { tableOf } from '../column.ts'
import { getOrMake } from '../get-or-make.ts'
import type { GrantPrivilege, Operation, Reason, RevokePrivilege } from '../operation.ts'
import { lacks } from '../grant-option.ts'
import { type Revoked, revocationsOf } from '../revocation.ts'
import type { Privilege } from '../privilege.ts'
import type { Wanted } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
import type { Phase } from './phase.ts'

/** What is done before some operations and undone after them. */
interface Meanwhile {
  readonly before: readonly Operation[]
  readonly after: readonly Operation[]
}

const lentKey = ({ key }: WorldObject, privilege: Privilege): string => `${key}\0${privilege}`

const named = ({ kind, name }: WorldObject) => ({ kind, name })

const lending = (meanwhile: NonNullable<Reason['meanwhile']>, role: string): Reason => ({
  role,
  grant: null,
  meanwhile,
})

/** Statements that revoke, with what is lent to their grantors around them. */
class Revoking {
  readonly #world: World
  readonly #wanted: Wanted
  readonly #now: Authority
  readonly #paused = new Map<string, Meanwhile>()
  readonly #usage = new Map<string, Meanwhile>()
  readonly #options = new Map<string, Meanwhile>()
  /** By object and privilege: as whom the owner’s statements are run, while grant options are lent. */
  readonly #speakers = new Map<string, string>()

  constructor(world: World, wanted: Wanted) {
    this.#world = world
    this.#now = new Authority(world)
    this.#wanted = wanted
  }

  operations(all: readonly Revoked[]): readonly Operation[] {
    const gone = new Set(
      all.map(({ object, item, privilege }) => `${lentKey(object, privilege)}\0${aclKey(item)}`),
    )
    for (const revoked of all) if (revoked.item.grantor !== revoked.object.owner) this.#enable(revoked, gone)
    const around = [...this.#paused.values(), ...this.#usage.values(), ...this.#options.values()]
    return [
      ...around.flatMap(({ before }) => before),
      ...all.map((revoked) => this.#revoke(revoked)),
      ...around.toReversed().flatMap(({ after }) => after),
      ...this.#keepAll(all),
    ]
  }

  #revoke({ object, item, privilege, verdict, because }: Revoked): RevokePrivilege {
    const { grantee, grantor } = item
    const byOwner = grantor === object.owner
    return {
      kind: 'revokePrivilege',
      object: named(object),
      privilege,
      grantee,
      grantor,
      grantOptionOnly: verdict === 'strip grant option',
      as: byOwner ? this.#speaker(object, privilege) : grantor,
      because,
    }
  }

  #speaker(object: WorldObject, privilege: Privilege): string {
    return getOrMake(this.#speakers, lentKey(object, privilege), () =>
      this.#wanted.authorityOverPrivileges.speaker(object, privilege),
    )
  }

  /** A grantor that is no owner may have become a superuser, or have lost what it had when it granted. */
  #enable({ object, item: { grantor }, privilege }: Revoked, gone: ReadonlySet<string>): void {
    const key = lentKey(object, privilege)
    const lack = lacks(this.#world, this.#now, object, privilege, grantor)
    if (this.#world.isSuperuser(grantor)) this.#paused.set(grantor, this.#pause(grantor))
    if (lack.schema !== undefined)
      this.#usage.set(`${lack.schema.key}\0${grantor}`, this.#lendUsage(lack.schema, grantor))
    if (!lack.option || this.#options.has(`${key}\0${grantor}`)) return
    if (this.#speaker(object, privilege) !== object.owner)
      this.#speakers.set(key, this.#wanted.authorityOverPrivileges.speaker(object, privilege, grantor))
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
      before: [{ ...base, value: false, because: lending('pause', role) }],
      after: [{ ...base, value: true, because: lending('resume', role) }],
    }
  }

  #lendUsage(schema: WorldObject, grantee: string): Meanwhile {
    const base = {
      object: named(schema),
      privilege: 'USAGE',
      grantee,
      grantor: schema.owner,
      as: this.#wanted.authorityOverPrivileges.speaker(schema, 'USAGE'),
    } as const
    return {
      before: [{ kind: 'grantPrivilege', ...base, because: lending('lend', grantee) }],
      after: [
        {
          kind: 'revokePrivilege',
          ...base,
          grantOptionOnly: false,
          because: lending('take back', grantee),
        },
      ],
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
    const because = lending('take back', grantee)
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
      before: [{ kind: 'grantPrivilege', ...on, grantable: true, because: lending('lend', grantee) }],
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
    if (authorityOverPrivileges.whyNotManaged(object, privilege) !== undefined) return []
    return [
      {
        kind: 'grantPrivilege',
        object: named(object),
        privilege,
        grantee,
        grantor: object.owner,
        ...(privileges.get(privilege) === true && { grantable: true as const }),
        as: authorityOverPrivileges.speaker(object, privilege),
        because: { ...because, keeps: grantee },
      },
    ]
  }
}

const revokeWhere =
  (from: (object: Pick<WorldObject, 'kind'>) => boolean): Phase =>
  (world, wanted) =>
    new Revoking(world, wanted).operations(revocationsOf(world, wanted, from).possible)

const isContainer = ({ kind }: Pick<WorldObject, 'kind'>): boolean => kind === 'schema' || kind === 'database'

/** What is on schemas' contents. Tables before columns: to revoke a privilege on a table revokes it on its columns. */
export const revokeOnContents: Phase = revokeWhere(
  (object) => !isContainer(object) && object.kind !== 'column',
)

export const revokeOnColumns: Phase = revokeWhere(({ kind }) => kind === 'column')

/** What is on schemas and databases, once nothing in them has to be reached any more. */
export const revokeOnContainers: Phase = revokeWhere(isContainer)
