import { describeRefusal } from '../access/refusal.ts'
import {
  AclDependencies,
  givesOption,
  type Granted,
  grantedKey,
  optionKey,
  type PassedOn,
} from '../catalog/acl-dependencies.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { columnsOf, tableOf } from '../catalog/column.ts'
import { whyNotNamed } from '../model/nameless.ts'
import type { Reason } from '../model/operation.ts'
import { type AclEntry, aclKey, heldBy } from '../postgres/acl.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { entitlement, type Goal, isPreserved, notAskedFor } from '../resolve/target-state.ts'
import { append, flatMap, getOrMake, sortedBy } from '../util/collections.ts'
import { Going } from './going.ts'
import { mayHaveGranted, privilegeVerdict } from './privilege-verdict.ts'
import { revokedFrom } from './revoked-from.ts'
import type { Blocked, Obstacle, Revocations, Revoked } from './revoked.ts'

const noLoan: readonly PassedOn[] = []

const nobody: ReadonlySet<string> = new Set()

const stayingOn: Obstacle = {
  reason: 'passed on',
  why: 'it has granted it to another role, which keeps it',
}

const lentToo: Obstacle = {
  reason: 'granted by another role',
  why: 'its grantor may no longer grant it, and others have it from that grantor too',
}

/** What has to be revoked on one object, or on a table and its columns. */
class RevocationGraph {
  readonly #catalog: Catalog
  readonly #goal: Goal
  readonly #objects: readonly CatalogObject[]
  readonly #dependencies: AclDependencies
  readonly #losers: ReadonlyMap<string, Reason>
  /** By object, privilege and grantor. */
  readonly #loans = new Map<string, readonly PassedOn[]>()

  constructor(catalog: Catalog, goal: Goal, object: CatalogObject, losers: ReadonlyMap<string, Reason>) {
    this.#catalog = catalog
    this.#goal = goal
    this.#objects = [object, ...columnsOf(catalog, object)]
    this.#dependencies = new AclDependencies(this.#objects)
    this.#losers = losers
  }

  /** What has to go for its own sake, not because something else goes. */
  #roots(): readonly Revoked[] {
    return flatMap(this.#objects, (object) =>
      flatMap(sortedBy(object.acl.values(), aclKey), (item) =>
        flatMap([...item.privileges.keys()].sort(), (privilege) => this.#root(object, item, privilege)),
      ),
    )
  }

  #root(object: CatalogObject, item: AclEntry, privilege: Privilege): readonly Revoked[] {
    const { grantee, grantor } = item
    const losing = this.#losers.get(grantee)
    const verdict = losing === undefined ? 'keep' : privilegeVerdict(this.#goal, object, item, privilege)
    const isLeftBehind =
      grantor !== object.owner &&
      this.#goal.desired.has(grantor) &&
      !mayHaveGranted(this.#goal, this.#catalog, object, privilege, grantor)
    if (isLeftBehind && verdict !== 'revoke')
      return [{ object, item, privilege, verdict: 'revoke', reason: notAskedFor(grantor) }]
    if (verdict === 'keep') return []
    const isAsked = verdict === 'revoke' && entitlement(this.#goal, object, privilege, grantee) !== undefined
    const reason = { ...losing!, ...(isAsked && { again: true as const }) }
    return [{ object, item, privilege, verdict, reason }]
  }

  /** Some roots, and everything that has to go before them because it was granted by virtue of them. */
  #closure(roots: readonly Revoked[], left: ReadonlySet<string>): Going {
    const going = new Going(this.#dependencies)
    for (const root of roots) going.set(root)
    const add = (dependent: Revoked): void => {
      if (left.has(grantedKey(dependent))) return
      const other = going.get(dependent)
      const isMore = other?.verdict !== 'revoke' || (other.isCollateral === true && !dependent.isCollateral)
      if (isMore) going.set(dependent)
    }
    // The lists that have been added already.
    const [added, lent] = [new Map<PassedOn, 'collateral' | 'all'>(), new Set<readonly PassedOn[]>()]
    for (const { reason: why, isCollateral = false, ...granted } of going.values()) {
      const reason = notAskedFor(why.role)
      const loan = this.#loanFor(granted)
      for (const passedOn of this.#dependentsOf(granted, going)) {
        const mayBeKept =
          isCollateral ||
          this.#goesAlong(granted, passedOn.object, going) ||
          going.mayStillGrant(passedOn.object, granted.privilege, granted.item.grantee)
        const before = added.get(passedOn)
        if (before === 'all' || (before === 'collateral' && mayBeKept)) continue
        added.set(passedOn, mayBeKept ? 'collateral' : 'all')
        for (const one of passedOn.granted)
          add({ ...one, verdict: 'revoke', reason, ...(mayBeKept && { isCollateral: true }) })
      }
      if (lent.has(loan)) continue
      lent.add(loan)
      for (const one of flatMap(loan, ({ granted: all }) => all))
        add({ ...one, verdict: 'revoke', reason, isCollateral: true })
    }
    return going
  }

  /** What a grantee has granted but may no longer grant once something, and everything else that goes, is gone. */
  #dependentsOf(granted: Granted, going: Going): readonly PassedOn[] {
    const { item, privilege } = granted
    return this.#dependencies
      .grantedBy(granted)
      .filter(({ object }) => !going.keepsOption(object, privilege, item.grantee))
  }

  /** Whether a column’s grant option goes only because the same is revoked on its table. */
  #goesAlong(granted: Granted, object: CatalogObject, going: Going): boolean {
    return (
      object !== granted.object &&
      givesOption(object, granted) &&
      going.get({ ...granted, object }) === undefined
    )
  }

  /** What would depend on a grant option that a grantor has to be lent; empty if it has the grant option. */
  #loanFor(granted: Granted): readonly PassedOn[] {
    const { object, item, privilege } = granted
    if (item.grantor === object.owner) return noLoan
    const key = optionKey(object, privilege, item.grantor)
    return getOrMake(this.#loans, key, () => this.#dependencies.dependingOnLoan(granted))
  }

  /**
   * The grant options by which PostgreSQL lets a role remain a grantor: it refuses to revoke the last of them. It looks
   * at one ACL, of a table or of a column, and also counts the grant options that the role has through others. What a
   * role has on a column also goes with what it has on the table.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (recursive_revoke)
   * @returns the role’s own first; empty if it needs none
   */
  #optionsBehind({ object, item: { grantor: role }, privilege }: Granted): readonly (readonly Granted[])[] {
    const access = this.#goal.access.now
    if (this.#catalog.isSuperuser(role) || access.graph.acts(role, object.owner)) return []
    const table = this.#dependencies.tableOf(object)
    const here = this.#dependencies.optionsOf(object, privilege, role)
    // The plan reports what a desired role leaves behind on columns.
    const own =
      here.length > 0 || table === undefined || this.#goal.desired.has(role)
        ? here
        : this.#dependencies.optionsOf(table, privilege, role)
    if (own.length === 0) return []
    const all = [...sortedBy(own, ({ item }) => aclKey(item))]
    for (const other of access.graph.actsAmong(role, object.acl.holders(privilege)))
      if (other !== role) all.push(...this.#dependencies.optionsOf(object, privilege, other))
    return all.map((one) => [one, ...(table === undefined ? [] : [{ ...one, object: table }])])
  }

  #obstacleTo({ object, item: { grantee, grantor }, privilege }: Revoked): Obstacle | undefined {
    const access = this.#goal.access.overPrivileges
    const nameless = whyNotNamed(grantee)
    if (nameless !== undefined) return { reason: 'not permitted', why: nameless }
    if (grantor === object.owner) {
      const why = access.objects.whyNotManaged(object, privilege, { from: grantee })
      return why && { reason: 'not permitted', why: describeRefusal(why) }
    }
    const lentTo = this.#dependencies.holdsOption(object, privilege, grantor) ? nobody : new Set([grantor])
    const why =
      access.objects.whyCannotRevokeAs(grantor, object, privilege, { from: grantee, newHolders: lentTo }) ??
      (lentTo === nobody
        ? undefined
        : access.objects.whyNotManaged(object, privilege, { newHolders: lentTo }))
    return why && { reason: 'granted by another role', why: describeRefusal(why) }
  }

  /** @param from which objects to begin with; what depends on them comes along */
  revocations(from: (object: ObjectName) => boolean): Revocations {
    const blocked: Blocked[] = []
    const left = new Set<string>()
    let roots = this.#roots()
    for (;;) {
      const going = this.#closure(roots, left)
      const obstacles = this.#obstaclesTo(going)
      if (obstacles.size === 0) return { ...this.#leavesFirst(going, from), blocked }
      const free: Revoked[] = []
      for (const revoked of roots) {
        const obstacle = obstacles.get(going.get(revoked)!)
        if (obstacle === undefined) free.push(revoked)
        else blocked.push({ revoked, obstacle })
      }
      // What is left would only have gone along with the roots, and does not block them.
      if (free.length === roots.length) for (const revoked of obstacles.keys()) left.add(grantedKey(revoked))
      roots = free
    }
  }

  /** What cannot be revoked: for a reason of its own, or because something that depends on it cannot. */
  #obstaclesTo(going: Going): ReadonlyMap<Revoked, Obstacle> {
    const obstacles = new Map<Revoked, Obstacle>()
    for (const revoked of going.values()) {
      const obstacle = this.#staying(revoked) ?? this.#obstacleTo(revoked)
      if (obstacle !== undefined) obstacles.set(revoked, obstacle)
    }
    const block = (granted: Granted, obstacle: Obstacle): void => {
      const revoked = going.get(granted)
      const other = revoked && obstacles.get(revoked)
      if (revoked !== undefined && (other === undefined || (other === lentToo && obstacle === stayingOn)))
        obstacles.set(revoked, obstacle)
    }
    const isGoing = (granted: Granted): boolean => {
      const revoked = going.get(granted)
      return revoked !== undefined && !obstacles.has(revoked)
    }
    const lent = new Set<readonly PassedOn[]>()
    // First what stays in any case, then what stays only because of that.
    for (const isAnyCase of [true, false]) {
      // Each grant option is looked at once. A Map visits what is added to it during the iteration.
      const found = new Set<string>()
      for (const granted of obstacles.keys()) {
        const { object, item, privilege } = granted
        const option = optionKey(object, privilege, item.grantor)
        if (!found.has(option) && !going.keepsOption(object, privilege, item.grantor)) {
          const options = this.#optionsBehind(granted)
          const isNeeded = options.every((all) => all.some(isGoing)) && (!isAnyCase || options.length === 1)
          for (const one of (isNeeded && options[0]) || []) block(one, stayingOn)
        }
        found.add(option)
        for (const [on, loan] of this.#loansWith(granted)) {
          if (lent.has(loan)) continue
          lent.add(loan)
          for (const { object: one, granted: all } of loan)
            if (one === on) for (const other of all) block(other, lentToo)
        }
      }
    }
    return obstacles
  }

  /** The objects on which a grantor would have to be lent a grant option, each with what would depend on the loan. */
  #loansWith({
    object,
    item,
    privilege,
  }: Granted): readonly (readonly [CatalogObject, readonly PassedOn[]])[] {
    const { grantor } = item
    const table = this.#dependencies.tableOf(object)
    const isByTable =
      table !== undefined &&
      heldBy(object.acl, { privilege, grantee: grantor, grantor: table.owner }) === true
    return [object, ...(isByTable ? [table] : [])].map((on) => [
      on,
      this.#loanFor({ object: on, item, privilege }),
    ])
  }

  /** What a desired role keeps in a schema, it keeps whoever granted it. */
  #staying({ object, item: { grantee } }: Revoked): Obstacle | undefined {
    return this.#goal.desired.has(grantee) && isPreserved(this.#goal, grantee, object)
      ? { reason: 'passed on', why: 'the role that has it keeps it' }
      : undefined
  }

  /**
   * By grantor: what it granted before it lost the grant option. This depends on the option again once that is lent.
   */
  #needingLoans(going: Going): ReadonlyMap<string, readonly Revoked[]> {
    const needing = new Map<string, Revoked[]>()
    for (const revoked of going.values()) {
      const { object, item, privilege } = revoked
      const { grantor } = item
      if (grantor !== object.owner && !this.#dependencies.holdsOption(object, privilege, grantor))
        append(needing, grantor, revoked)
    }
    return needing
  }

  /** Whether a privilege on a column goes with the table’s: REVOKE on a table also revokes on its columns. */
  #isGoneWith({ object, item, privilege }: Revoked, going: Going, before: ReadonlySet<Revoked>): boolean {
    const table = this.#dependencies.tableOf(object)
    const onTable = table && going.get({ object: table, item, privilege })
    return onTable?.verdict === 'revoke' && before.has(onTable)
  }

  /** What goes on columns with what is revoked on their table. Who should not lose it there should get it back. */
  #goingWith(revoked: Revoked, going: Going): readonly Revoked[] {
    if (revoked.verdict !== 'revoke') return []
    return this.#dependencies.columnsWith(revoked).map((object) => {
      const item = object.acl.get(revoked.item.grantee, revoked.item.grantor)!
      const onColumn = { ...revoked, object, item }
      return going.get(onColumn) ?? { ...onColumn, isCollateral: true }
    })
  }

  /** Puts dependents before what they depend on. Without recursion: a chain of grants may be too long for the stack. */
  #leavesFirst(going: Going, from: (object: ObjectName) => boolean): Omit<Revocations, 'blocked'> {
    const [ordered, visited] = [new Set<Revoked>(), new Set<Revoked>()]
    const needing = this.#needingLoans(going)
    // If several have the same list before them, one goes on where another has stopped.
    const walks = new Map<readonly Granted[], Iterator<Granted>>()
    const walk = (list: readonly Granted[]): Iterator<Granted> =>
      getOrMake(walks, list, () => list[Symbol.iterator]())
    function* before(lists: readonly (readonly Granted[])[]): Generator<Granted> {
      for (const list of lists)
        for (let next = walk(list).next(); next.done !== true; next = walk(list).next()) yield next.value
    }
    const path: { readonly revoked: Revoked; readonly first: Generator<Granted> }[] = []
    const visit = (revoked: Revoked | undefined): void => {
      if (revoked === undefined || visited.has(revoked)) return
      visited.add(revoked)
      const dependents = this.#dependentsOf(revoked, going).map(({ granted }) => granted)
      const lent = needing.get(revoked.item.grantee)
      path.push({ revoked, first: before(lent === undefined ? dependents : [...dependents, lent]) })
    }
    for (const start of going.values()) {
      if (from(start.object)) visit(start)
      for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
        const next = last.first.next()
        if (next.done !== true) visit(going.get(next.value))
        else {
          path.pop()
          if (!this.#isGoneWith(last.revoked, going, ordered)) ordered.add(last.revoked)
        }
      }
    }
    return { possible: [...ordered], along: flatMap(ordered, (one) => this.#goingWith(one, going)) }
  }
}

/**
 * What has to be revoked in a catalog, and what cannot be.
 * @param from which objects to begin with; what depends on what is revoked there comes along
 */
export const revocationsOf = (
  catalog: Catalog,
  goal: Goal,
  from: (object: ObjectName) => boolean,
): Revocations => {
  const losers = revokedFrom(catalog, goal)
  const isConcerned = ({ acl }: CatalogObject): boolean => {
    for (const { grantee, grantor } of acl.values())
      if (losers.has(grantee) || goal.desired.has(grantor)) return true
    return false
  }
  // A column is looked at with its table.
  const concerned = new Map<string, CatalogObject>()
  for (const object of catalog.objects.values()) {
    if (!from(object) || !isConcerned(object)) continue
    const [whole = object] = tableOf(catalog, object)
    concerned.set(whole.key, whole)
  }
  const revocations = sortedBy(concerned.values(), ({ key }) => key).map((object) =>
    new RevocationGraph(catalog, goal, object, losers).revocations(from),
  )
  return {
    possible: flatMap(revocations, ({ possible }) => possible),
    along: flatMap(revocations, ({ along }) => along),
    blocked: flatMap(revocations, ({ blocked }) => blocked),
  }
}
