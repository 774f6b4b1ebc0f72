import { type AclEntry, aclKey, heldBy } from './acl.ts'
import { columnsOf, tableOf } from './column.ts'
import { append } from './get-or-make.ts'
import { holdsOption, lacks } from './grant-option.ts'
import { losersOf } from './losers.ts'
import type { ObjectName } from './object-kind.ts'
import type { Reason } from './operation.ts'
import { sortedBy } from './order.ts'
import type { Privilege } from './privilege.ts'
import { isVanished } from './vanished-role.ts'
import { entitlement, isPreserved, notAskedFor, type Wanted } from './wanted.ts'
import type { World, WorldObject } from './world.ts'

/** What is to become of one privilege of an ACL item. */
export type PrivilegeVerdict = 'keep' | 'strip grant option' | 'revoke'

/** One privilege of one ACL item that is to go, or to lose its grant option. */
export interface Revoked {
  readonly object: WorldObject
  readonly item: AclEntry
  readonly privilege: Privilege
  readonly verdict: Exclude<PrivilegeVerdict, 'keep'>
  readonly because: Reason
  /** It goes only because its grantor cannot revoke something else otherwise: nobody is to lose by it. */
  readonly isCollateral?: true
}

/** Why something cannot be revoked, of which kind that reason is, and in words. */
export interface Obstacle {
  readonly reason: 'granted by another role' | 'passed on' | 'not permitted'
  readonly why: string
}

/** Something that is to go and cannot. */
export interface Blocked {
  readonly revoked: Revoked
  readonly obstacle: Obstacle
}

/** What can be revoked, leaves first, and what cannot. */
export interface Revocations {
  readonly possible: readonly Revoked[]
  readonly blocked: readonly Blocked[]
}

/**
 * Judges what a desired role holds on an object it does not own. What an owner has on its own object is left alone:
 * it could grant it back to itself, and foreign-key checks run with it.
 */
export const privilegeVerdict = (
  wanted: Wanted,
  object: WorldObject,
  { grantee, grantor, privileges }: AclEntry,
  privilege: Privilege,
): PrivilegeVerdict => {
  if (grantee === object.owner || isPreserved(wanted, grantee, object)) return 'keep'
  const entitled = entitlement(wanted, object, privilege, grantee)
  if (entitled === undefined || grantor !== object.owner) return 'revoke'
  return privileges.get(privilege) === true && !entitled.grantable ? 'strip grant option' : 'keep'
}

/** Whether a desired role that does not own an object may go on having granted a privilege on it. */
const mayHaveGranted = (
  wanted: Wanted,
  world: World,
  object: WorldObject,
  privilege: Privilege,
  grantor: string,
): boolean =>
  isPreserved(wanted, grantor, object) ||
  [object, ...tableOf(world, object)].some(
    (one) => entitlement(wanted, one, privilege, grantor)?.grantable === true,
  )

const revokedKey = ({ object, item, privilege }: Omit<Revoked, 'verdict' | 'because'>): string =>
  `${object.key}\0${privilege}\0${aclKey(item)}`

/** What has to go of one object and, of a table, of its columns. */
class Plot {
  readonly #world: World
  readonly #wanted: Wanted
  readonly #objects: readonly WorldObject[]
  readonly #losers: ReadonlyMap<string, Reason>

  constructor(world: World, wanted: Wanted, object: WorldObject, losers: ReadonlyMap<string, Reason>) {
    this.#world = world
    this.#wanted = wanted
    this.#objects = [object, ...columnsOf(world, object)]
    this.#losers = losers
  }

  /** What is to go by itself, whatever depends on it. */
  #roots(): readonly Revoked[] {
    return this.#objects.flatMap((object) =>
      sortedBy(object.acl.values(), aclKey).flatMap((item) =>
        [...item.privileges.keys()].sort().flatMap((privilege) => this.#root(object, item, privilege)),
      ),
    )
  }

  #root(object: WorldObject, item: AclEntry, privilege: Privilege): readonly Revoked[] {
    const { grantee, grantor } = item
    const losing = this.#losers.get(grantee)
    const verdict = losing === undefined ? 'keep' : privilegeVerdict(this.#wanted, object, item, privilege)
    const isLeftBehind =
      grantor !== object.owner &&
      this.#wanted.desired.has(grantor) &&
      !mayHaveGranted(this.#wanted, this.#world, object, privilege, grantor)
    if (isLeftBehind && verdict !== 'revoke')
      return [{ object, item, privilege, verdict: 'revoke', because: notAskedFor(grantor) }]
    if (verdict === 'keep') return []
    const isAsked =
      verdict === 'revoke' && entitlement(this.#wanted, object, privilege, grantee) !== undefined
    const because = { ...losing!, ...(isAsked && { again: true as const }) }
    return [{ object, item, privilege, verdict, because }]
  }

  /** What has to go before some other things can, because it was granted by virtue of them. */
  #closure(roots: readonly Revoked[], left: ReadonlySet<string>): ReadonlyMap<string, Revoked> {
    const all = new Map(roots.map((revoked) => [revokedKey(revoked), revoked]))
    // A Map visits what is added to it while it is walked.
    for (const revoked of all.values()) {
      const collateral = this.#dependingOnLoan(revoked).map((other): Revoked => ({
        ...other,
        verdict: 'revoke',
        because: notAskedFor(revoked.because.role),
        isCollateral: true,
      }))
      for (const dependent of [...this.#dependentsOf(revoked, all), ...collateral]) {
        const key = revokedKey(dependent)
        if (left.has(key)) continue
        const other = all.get(key)
        const isMore = other?.verdict !== 'revoke' || (other.isCollateral === true && !dependent.isCollateral)
        if (isMore) all.set(key, dependent)
      }
    }
    return all
  }

  /** What a grantee has granted that may not once something is gone, together with everything else that is to go. */
  #dependentsOf(revoked: Revoked, gone: ReadonlyMap<string, Revoked>): readonly Revoked[] {
    const { object, item, privilege, isCollateral } = revoked
    const { grantee, grantor } = item
    if (grantee === object.owner) return []
    const because = notAskedFor(revoked.because.role)
    return [object, ...columnsOf(this.#world, object)].flatMap((one) => {
      // A privilege that is revoked on a table goes on its columns too, and its grant option with it.
      const loses =
        item.privileges.get(privilege) === true || heldBy(one.acl, { privilege, grantee, grantor }) === true
      if (!loses || this.#keepsOption(one, privilege, grantee, gone)) return []
      return [...one.acl.values()].flatMap((other): Revoked[] =>
        other.grantor === grantee && other.privileges.has(privilege)
          ? [
              {
                object: one,
                item: other,
                privilege,
                verdict: 'revoke',
                because,
                ...(isCollateral && { isCollateral }),
              },
            ]
          : [],
      )
    })
  }

  /**
   * Whether PostgreSQL refuses to leave behind what a grantee has granted. It looks at one ACL, that of a table or of a
   * column, and there also at what the grantee has by other roles.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (recursive_revoke)
   */
  #isNeededFor(
    { object }: Revoked,
    { item, privilege }: Revoked,
    isGoing: (other: Omit<Revoked, 'verdict' | 'because'>) => boolean,
  ): boolean {
    const { acl, owner } = object
    const { grantee, grantor } = item
    const has = (role: string): boolean =>
      role === grantee || this.#world.isSuperuser(grantee) || this.#wanted.authority.acts(grantee, role)
    const others = [...acl.values()].filter(
      (one) =>
        has(one.grantee) &&
        (one.grantee !== grantee || one.grantor !== grantor) &&
        !isGoing({ object, item: one, privilege }),
    )
    if (has(owner) || others.some(({ privileges }) => privileges.get(privilege) === true)) return false
    // What a desired role leaves behind, the plan tells.
    return heldBy(acl, { privilege, grantee, grantor }) === true || !this.#wanted.desired.has(grantee)
  }

  #keepsOption(
    object: WorldObject,
    privilege: Privilege,
    role: string,
    gone: ReadonlyMap<string, Revoked>,
  ): boolean {
    return [object, ...tableOf(this.#world, object)].some((one) =>
      [...one.acl.values()].some(
        (item) =>
          item.grantee === role &&
          item.privileges.get(privilege) === true &&
          ![one, ...tableOf(this.#world, one)].some((from) =>
            gone.has(revokedKey({ object: from, item, privilege })),
          ),
      ),
    )
  }

  #obstacleTo({ object, item: { grantee, grantor }, privilege }: Revoked): Obstacle | undefined {
    const authority = this.#wanted.authorityOverPrivileges
    if (isVanished(grantee))
      return {
        reason: 'not permitted',
        why: 'who has it does not exist any more, and no statement can name it',
      }
    if (grantor === object.owner) {
      const why = authority.whyNotManaged(object, privilege)
      return why === undefined ? undefined : { reason: 'not permitted', why }
    }
    const withOption = lacks(this.#world, object, privilege, grantor)
    const why =
      authority.whyNotSpokenFor(grantor, withOption ?? object, privilege) ??
      (withOption === undefined ? undefined : authority.whyNotManaged(withOption, privilege))
    return why === undefined ? undefined : { reason: 'granted by another role', why }
  }

  /** @param from with which of it to begin; what depends on that comes along */
  revocations(from: (object: ObjectName) => boolean): Revocations {
    const blocked: Blocked[] = []
    const left = new Set<string>()
    let roots = this.#roots()
    for (;;) {
      const all = this.#closure(roots, left)
      const obstacles = this.#obstacles(all)
      if (obstacles.size === 0) return { possible: this.#leavesFirst(all, from), blocked }
      for (const revoked of roots) {
        const obstacle = obstacles.get(revokedKey(revoked))
        if (obstacle !== undefined) blocked.push({ revoked, obstacle })
      }
      const free = roots.filter((revoked) => !obstacles.has(revokedKey(revoked)))
      if (free.length === roots.length) {
        // It does not keep the rest from going, but would have gone with it.
        const before = left.size
        for (const key of obstacles.keys()) left.add(key)
        if (before === left.size) throw new Error('what cannot be revoked depends on nothing that is to go')
      }
      roots = free
    }
  }

  /** What cannot be revoked: for a reason of its own, or because something that depends on it cannot. */
  #obstacles(all: ReadonlyMap<string, Revoked>): ReadonlyMap<string, Obstacle> {
    const obstacles = new Map<string, Obstacle>()
    for (const [key, revoked] of all) {
      const obstacle = this.#staying(revoked) ?? this.#obstacleTo(revoked)
      if (obstacle !== undefined) obstacles.set(key, obstacle)
    }
    const isGoing = (other: Omit<Revoked, 'verdict' | 'because'>): boolean =>
      all.has(revokedKey(other)) && !obstacles.has(revokedKey(other))
    // What stays in any case first: by that others may go.
    for (const isGone of [() => false, isGoing])
      for (let before = -1; before !== obstacles.size;) {
        before = obstacles.size
        for (const [key, revoked] of all)
          if (!obstacles.has(key)) {
            if (!this.#dependingOnLoan(revoked).every(isGoing))
              obstacles.set(key, {
                reason: 'granted by another role',
                why: 'who granted it may not grant it any more, and others have it of that role too',
              })
            for (const dependent of this.#dependentsOf(revoked, all))
              if (obstacles.has(revokedKey(dependent)) && this.#isNeededFor(dependent, revoked, isGone))
                obstacles.set(key, {
                  reason: 'passed on',
                  why: 'it has passed it on, and what it has passed on stays',
                })
          }
      }
    return obstacles
  }

  /**
   * What a grantor has granted that would depend on the grant option that it has to be lent: PostgreSQL would not let that
   * be taken back. On a table that takes what it has on the columns too.
   */
  #dependingOnLoan({
    object,
    item: { grantor },
    privilege,
  }: Revoked): readonly Omit<Revoked, 'verdict' | 'because'>[] {
    if (grantor === object.owner || holdsOption(this.#world, object, privilege, grantor)) return []
    const option = { privilege, grantee: grantor, grantor: object.owner }
    const columns = columnsOf(this.#world, object).filter(({ acl }) => heldBy(acl, option) === true)
    return [object, ...columns].flatMap((one) =>
      [...one.acl.values()].flatMap((item) =>
        item.grantor === grantor && item.privileges.has(privilege) ? [{ object: one, item, privilege }] : [],
      ),
    )
  }

  /** What a desired role keeps in some schemas, it keeps whoever granted it. */
  #staying({ object, item: { grantee } }: Revoked): Obstacle | undefined {
    return this.#wanted.desired.has(grantee) && isPreserved(this.#wanted, grantee, object)
      ? { reason: 'passed on', why: 'who has it is to keep it' }
      : undefined
  }

  /** What was granted before its grantor lost the grant option depends on that again once it is lent: by grantor. */
  #needingLoans(all: ReadonlyMap<string, Revoked>): ReadonlyMap<string, readonly string[]> {
    const needing = new Map<string, string[]>()
    for (const [key, { object, item, privilege }] of all) {
      const { grantor } = item
      if (grantor !== object.owner && !holdsOption(this.#world, object, privilege, grantor))
        append(needing, grantor, key)
    }
    return needing
  }

  /** A privilege that is revoked on a table goes on its columns too. */
  #isGoneWith(
    { object, item, privilege }: Revoked,
    all: ReadonlyMap<string, Revoked>,
    before: ReadonlySet<Revoked>,
  ): boolean {
    const [table] = tableOf(this.#world, object)
    const onTable = table && all.get(revokedKey({ object: table, item, privilege }))
    return onTable?.verdict === 'revoke' && before.has(onTable)
  }

  #leavesFirst(all: ReadonlyMap<string, Revoked>, from: (object: ObjectName) => boolean): readonly Revoked[] {
    const ordered = new Set<Revoked>()
    const visited = new Set<string>()
    const needing = this.#needingLoans(all)
    const visit = (key: string): void => {
      const revoked = all.get(key)
      if (revoked === undefined || visited.has(key)) return
      visited.add(key)
      for (const dependent of this.#dependentsOf(revoked, all)) visit(revokedKey(dependent))
      needing.get(revoked.item.grantee)?.forEach(visit)
      if (!this.#isGoneWith(revoked, all, ordered)) ordered.add(revoked)
    }
    for (const [key, { object }] of all) if (from(object)) visit(key)
    return [...ordered]
  }
}

/**
 * What is to be revoked of what is in view.
 * @param from with which objects to begin; what depends on what is revoked there comes along
 */
export const revocationsOf = (
  world: World,
  wanted: Wanted,
  from: (object: ObjectName) => boolean,
): Revocations => {
  const losers = losersOf(world, wanted)
  const isConcerned = ({ acl }: WorldObject): boolean => {
    for (const { grantee, grantor } of acl.values())
      if (losers.has(grantee) || wanted.desired.has(grantor)) return true
    return false
  }
  // A column is looked at with its table.
  const concerned = new Map<string, WorldObject>()
  for (const object of world.objects.values()) {
    if (!from(object) || !isConcerned(object)) continue
    const [whole = object] = tableOf(world, object)
    concerned.set(whole.key, whole)
  }
  const plots = sortedBy(concerned.values(), ({ key }) => key).map((object) =>
    new Plot(world, wanted, object, losers).revocations(from),
  )
  return {
    possible: plots.flatMap(({ possible }) => possible),
    blocked: plots.flatMap(({ blocked }) => blocked),
  }
}
