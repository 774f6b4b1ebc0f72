import type { Membership } from '../model/membership.ts'
import { flat, flatMap, getOrMake } from '../util/collections.ts'
import { SharedMap } from './shared-map.ts'

/** The rows by which one role is a member of others. */
interface OfMember {
  /** Who may change them: only one catalog, until it is forked. */
  readonly owner: object
  /** By the role that it is a member of. */
  readonly byRole: Map<string, readonly Membership[]>
  /** All of them, as a list that is made when first needed. */
  rows?: readonly Membership[] | undefined
}

/** Rows by what they name. */
type Rows = Map<string, Set<Membership>>

const none: readonly Membership[] = []
const noRows = (): Set<Membership> => new Set()

const grantedKey = ({ role, grantor }: Pick<Membership, 'role' | 'grantor'>): string => `${grantor}\0${role}`

/** The memberships of a catalog, indexed. A fork shares with its original what neither has changed. */
export class Memberships {
  readonly #members: SharedMap<string, OfMember>
  /** Stands for what no fork shares. */
  #owner = {}
  /** Indexes that are made when first needed, and kept up to date from then on. */
  #ofRole: Rows | undefined
  #ofGrantor: Rows | undefined

  constructor(members: SharedMap<string, OfMember> = new SharedMap()) {
    this.#members = members
  }

  fork(): Memberships {
    this.#owner = {}
    return new Memberships(this.#members.fork())
  }

  /** All rows. */
  all(): readonly Membership[] {
    return flatMap(this.#members.entries.keys(), (member) => this.ofMember(member))
  }

  /** The rows by which a role is a member of others. */
  ofMember(member: string): readonly Membership[] {
    const found = this.#members.entries.get(member)
    return found === undefined ? none : (found.rows ??= flat(found.byRole.values()))
  }

  /** The same rows, by the role that it is a member of. */
  byRole(member: string): ReadonlyMap<string, readonly Membership[]> | undefined {
    return this.#members.entries.get(member)?.byRole
  }

  /** Whether a role is a member of others. */
  isMember(member: string): boolean {
    return (this.#members.entries.get(member)?.byRole.size ?? 0) > 0
  }

  /** The rows by which a role is a direct member of one other; before 16 there is at most one. */
  between(role: string, member: string): readonly Membership[] {
    return this.#members.entries.get(member)?.byRole.get(role) ?? none
  }

  /** The rows by which others are members of a role. */
  inRole(role: string): readonly Membership[] {
    this.#ofRole ??= this.#rowsBy((row) => row.role)
    return [...(this.#ofRole.get(role) ?? [])]
  }

  /** The rows by which one role has granted another. */
  grantedBy(grantor: string, role: string): readonly Membership[] {
    this.#ofGrantor ??= this.#rowsBy(grantedKey)
    return [...(this.#ofGrantor.get(grantedKey({ grantor, role })) ?? [])]
  }

  /** Adds a row, or replaces the one of the same role and member by the same grantor. */
  set(row: Membership): void {
    const { role, member, grantor } = row
    const { byRole } = this.#editable(member)
    const before = byRole.get(role)
    const existing = before?.find((one) => one.grantor === grantor)
    if (before === undefined) byRole.set(role, [row])
    else if (existing === undefined) byRole.set(role, [...before, row])
    else byRole.set(role, before.with(before.indexOf(existing), row))
    if (existing !== undefined) this.#unlist(existing)
    if (this.#ofRole !== undefined) getOrMake(this.#ofRole, role, noRows).add(row)
    if (this.#ofGrantor !== undefined) getOrMake(this.#ofGrantor, grantedKey(row), noRows).add(row)
  }

  remove({ role, member, grantor }: Membership): void {
    const before = this.between(role, member)
    const existing = before.find((one) => one.grantor === grantor)
    if (existing === undefined) return
    const { byRole } = this.#editable(member)
    if (before.length === 1) byRole.delete(role)
    else
      byRole.set(
        role,
        before.filter((one) => one !== existing),
      )
    this.#unlist(existing)
  }

  /** The rows of a member, which are about to change. A copy takes their place if another catalog may share them. */
  #editable(member: string): OfMember {
    let ofMember = this.#members.entries.get(member)
    if (ofMember?.owner !== this.#owner) {
      ofMember = { owner: this.#owner, byRole: new Map(ofMember?.byRole) }
      this.#members.set(member, ofMember)
    }
    ofMember.rows = undefined
    return ofMember
  }

  #rowsBy(name: (row: Membership) => string): Rows {
    const rows: Rows = new Map()
    for (const row of this.all()) getOrMake(rows, name(row), noRows).add(row)
    return rows
  }

  #unlist(row: Membership): void {
    this.#ofRole?.get(row.role)?.delete(row)
    this.#ofGrantor?.get(grantedKey(row))?.delete(row)
  }
}
