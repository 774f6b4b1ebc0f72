import fc from 'fast-check'
import type {
  DefaultPrivileges,
  FutureObjects,
  Membership,
  ObjectKind,
  Privilege,
  Role,
  Snapshot,
} from '@pgsr/planner'
import { membership, role } from '../support/build-snapshot.ts'
import { builtInDefaults, defaultEntriesOf, futureKinds, isShared, textOf } from '../support/holdings.ts'
import { createsSchemas, databaseOwners } from '../support/permission.ts'
import { aclOf, type Entry, grants, ownersEntries, privilegesOn, withGrants } from './acl.ts'
import { memberships, withMemberships } from './membership.ts'
import { anyName, pick } from './name.ts'
import { finished, objects, type Sketches, sketchesOf } from './object.ts'

const bootstrap = 'postgres'
const databaseOid = '16384'

const oneIn = (count: number): fc.Arbitrary<boolean> =>
  fc.nat({ max: count - 1 }).map((number) => number === count - 1)

const attributes = fc.record({
  login: fc.boolean(),
  superuser: oneIn(8),
  inherit: oneIn(4).map((not) => !not),
  createRole: oneIn(3),
  createDb: oneIn(8),
  replication: oneIn(16),
  bypassRls: oneIn(16),
  validUntil: fc.constantFrom('infinity', '2027-06-30T00:00:00.000000Z'),
  elsewhere: fc.nat({ max: 1 }),
  hasPassword: oneIn(4),
})

/** How an intermediate role is not what it claims to be: most of them are. */
const taint = fc.oneof(
  { arbitrary: fc.constant(''), weight: 3 },
  fc.constantFrom('login', 'noinherit', 'more', 'grant option', 'other grantor'),
  fc.constantFrom('member', 'owner', 'nothing', 'default privileges', 'settings'),
)

const intermediate = fc.record({
  provides: fc.nat(),
  taint,
  elsewhere: oneIn(3).map(Number),
  /** Whether roles that are out of view are members. */
  servesOthers: oneIn(4),
  administeredByOthers: oneIn(4),
  members: fc.array(fc.nat(), { maxLength: 2 }),
})

const drawn = fc.record({
  version: fc.constantFrom(180004, 160014, 150018, 100023, 90624),
  acting: fc.constantFrom('bootstrap', 'superuser', 'creator', 'creator', 'creator', 'other'),
  roles: fc.uniqueArray(fc.tuple(anyName, attributes), {
    minLength: 3,
    maxLength: 5,
    selector: ([name]) => name,
  }),
  intermediates: fc.array(intermediate, { maxLength: 4 }),
  /** What the acting role administers: mostly roles that it has created. */
  administered: fc.array(fc.record({ role: fc.nat(), grantor: oneIn(3), inherit: oneIn(4), set: oneIn(4) }), {
    maxLength: 4,
  }),
  /** How many roles the acting role administers, seen or not: beyond 64 delegates do. */
  administers: fc.constantFrom(3, 63, 64, 65),
  /** A role that administers intermediate roles for the acting role, which mostly can become it. */
  delegate: fc.option(
    fc.record({
      roles: fc.array(fc.nat(), { maxLength: 3 }),
      grants: fc.boolean(),
      canBeBecome: oneIn(4).map((not) => !not),
      createRole: oneIn(6).map((not) => !not),
      /** How it is not what it claims to be. */
      taint: fc.oneof(
        { arbitrary: fc.constant(''), weight: 6 },
        fc.constantFrom('others', 'login', 'grantor', 'no creator'),
      ),
      administers: fc.constantFrom(3, 63, 64),
    }),
  ),
  memberships,
  objects,
  defaults: fc.array(
    fc.record({
      role: fc.nat(),
      on: fc.constantFrom('schemas', ...(Object.keys(futureKinds) as FutureObjects[])),
      schema: fc.option(fc.nat()),
      narrowed: fc.array(fc.nat(), { maxLength: 1 }),
      grants,
    }),
    { maxLength: 3 },
  ),
  /** Whether the acting role is not who is logged in, but whom a superuser has become. */
  isSetRole: oneIn(6),
  policies: fc.array(fc.record({ name: anyName, role: fc.nat() }), { maxLength: 1 }),
})

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never

/** What may be asked for, and so be held by an intermediate role. */
const servable = (sketches: Sketches, version: number) =>
  sketches.all().flatMap((sketch) => {
    const { kind } = sketch
    const common = ({ database: ['CONNECT'], table: ['SELECT'] } as Partial<Record<ObjectKind, Privilege[]>>)[
      kind
    ]
    return (common ?? privilegesOn(kind, version)).map((privilege) => ({ sketch, privilege }))
  })

const keyOfDefaults = (owner: string, schema: string | null, on: FutureObjects): string =>
  JSON.stringify([owner, schema, on])

/** What is gathered while the intermediate roles are made. */
interface Parts {
  readonly roles: Role[]
  readonly memberships: Membership[]
  readonly defaults: Map<string, Entry[]>
  readonly unmanaged: { role: string; kind: string; description: string }[]
}

const addIntermediates = (
  { intermediates, version }: Drawn,
  sketches: Sketches,
  ordinary: readonly string[],
  { roles, memberships: rows, defaults, unmanaged }: Parts,
): readonly string[] => {
  const served = servable(sketches, version)
  return intermediates.map((drawnOne, index) => {
    const { provides, taint: tainted, elsewhere, servesOthers, administeredByOthers, members } = drawnOne
    const { sketch, privilege } = pick(served, provides)!
    const { kind, owner, entries } = sketch
    const where = isShared({ kind, name: [] }) ? 'global' : `local_${databaseOid}`
    const name = `_pgsr_${where}_${kind}_${privilege.toLowerCase()}_0000000${index}`
    const is = (what: string): boolean => tainted === what
    const held: Entry = { grantee: name, grantor: owner, privilege, grantable: is('grant option') }
    const passing = entries.find((entry) => entry.privilege === privilege && entry.grantable)
    const more = privilegesOn(kind, version).find((other) => other !== privilege)
    roles.push(
      role(name, {
        oid: String(40000 - index),
        elsewhere,
        servesOthers,
        ...(administeredByOthers && { administeredByOthers }),
        login: is('login'),
        inherit: !is('noinherit'),
      }),
    )
    const set = version < 160000
    for (const member of new Set(members.map((number) => pick(ordinary, number)!)))
      if (member !== ordinary[1] || !is('member')) rows.push(membership(member, name, { set }))
    if (!is('nothing'))
      entries.push(is('other grantor') && passing ? { ...held, grantor: passing.grantee } : held)
    if (is('more') && more !== undefined) entries.push({ ...held, privilege: more })
    if (is('member')) rows.push(membership(name, ordinary[1]!))
    if (is('owner')) sketches.add('schema', [`s${index}`], name, { grants: [] })
    if (is('settings')) unmanaged.push({ role: name, kind: 'settings', description: 'role' })
    if (is('default privileges')) {
      const creator = ordinary[2]!
      const key = keyOfDefaults(creator, null, 'schemas')
      const own = defaults.get(key) ?? ownersEntries('schema', creator, version)
      defaults.set(key, [...own, { ...held, grantor: creator, privilege: 'USAGE' }])
    }
    return name
  })
}

/** What the acting role administers without being a superuser; nobody has the ADMIN option by itself before 16. */
const administeredRows = (
  { administered, version, acting }: Drawn,
  before: readonly Membership[],
  roles: readonly string[],
  actingRole: string,
): readonly Membership[] => {
  const isPlain = acting === 'creator' || acting === 'other'
  return withMemberships(
    before,
    version < 160000 || !isPlain
      ? []
      : administered.map(({ role: of, grantor, inherit, set }) => ({
          role: of,
          member: 0,
          grantor: Number(grantor),
          options: { admin: true, inherit, set },
        })),
    { roles, members: [actingRole], version, bootstrap },
  )
}

const delegateName = '_pgsr_admin_00000000'

const ofCreator = { grantor: bootstrap, admin: true, inherit: false, set: false }

/** A role that the acting role has made, and the intermediate roles that it has made in turn. */
const addDelegate = (
  { delegate, version, acting }: Drawn,
  intermediates: readonly string[],
  actingRole: string,
  { roles, memberships: rows }: Parts,
): void => {
  if (delegate === null || version < 160000 || acting !== 'creator') return
  const { createRole, administers, canBeBecome, grants: isGrantor, taint: tainted } = delegate
  const is = (what: string): boolean => tainted === what
  roles.push(
    role(delegateName, {
      oid: '50000',
      createRole,
      login: is('login'),
      ...(!is('others') && { administers }),
    }),
  )
  rows.push(membership(actingRole, delegateName, { ...ofCreator, inherit: is('no creator') }))
  if (is('grantor')) rows.push(membership(actingRole, delegateName, { grantor: delegateName }))
  if (canBeBecome) rows.push(membership(actingRole, delegateName, { grantor: actingRole, inherit: false }))
  for (const name of new Set(delegate.roles.map((number) => pick(intermediates, number)))) {
    if (name === undefined) continue
    if (isGrantor)
      for (const [index, row] of rows.entries())
        if (row.role === name && row.grantor === bootstrap && !row.admin)
          rows[index] = { ...row, grantor: delegateName }
    rows.push(membership(delegateName, name, ofCreator))
  }
}

const build = (from: Drawn): Snapshot => {
  const { version, acting } = from
  const names = from.roles.map(([name]) => name)
  const roles = from.roles.map(([name, { hasPassword, ...drawnAttributes }], index) =>
    role(name, {
      ...drawnAttributes,
      ...(hasPassword && { hasPassword }),
      oid: String(20000 + index),
      ...(index === 0 &&
        acting !== 'bootstrap' && { createRole: acting !== 'other', superuser: acting === 'superuser' }),
      ...(index === 0 && acting !== 'bootstrap' && version >= 160000 && { administers: from.administers }),
    }),
  )
  const owners = [bootstrap, ...names, ...(version >= 140000 ? [databaseOwners] : [])]
  const superusers = [bootstrap, ...roles.flatMap(({ name, superuser }) => (superuser ? [name] : []))]
  const sketches = sketchesOf(from.objects, { version, roles: names, owners, superusers })
  const schemas = sketches.all().flatMap(({ kind, name }) => (kind === 'schema' ? [name[0]!] : []))
  const defaults = new Map<string, Entry[]>()
  for (const {
    role: creatorIndex,
    on,
    schema: schemaIndex,
    grants: drawnGrants,
    narrowed,
  } of from.defaults) {
    const creator = pick(names, creatorIndex)!
    const isOutside = on === 'schemas' || on === 'large objects'
    const schema = isOutside || schemaIndex === null ? null : (pick(schemas, schemaIndex) ?? null)
    const builtIn = defaultEntriesOf(builtInDefaults(version, creator, schema, on))
    const own = builtIn.map(({ privilege, grantee, grantable }) => ({
      privilege,
      grantee,
      grantable,
      grantor: creator,
    }))
    const kept = own.filter((_, index) => !narrowed.some((number) => number % own.length === index))
    // Whoever will create the object will have granted it all.
    const byCreator = drawnGrants.map((grant) => ({ ...grant, grantor: 0 }))
    const [kind] = futureKinds[on].become
    const entries = withGrants(kind!, creator, kept, byCreator, { roles: names, version })
    // What is as PostgreSQL has it is in no catalog.
    if (textOf(entries) === textOf(own)) continue
    defaults.set(keyOfDefaults(creator, schema, on), entries)
  }
  const unmanaged = from.policies.map((policy) => ({
    role: pick(names, policy.role)!,
    kind: 'pg_policy',
    // As `pg_describe_object` says it, with the name as it is.
    description: `policy ${policy.name} on table s.t`,
  }))
  const parts: Parts = { roles: [], memberships: [], defaults, unmanaged }
  const intermediates = addIntermediates(from, sketches, names, parts)
  const defaultPrivileges = [...defaults].flatMap(([key, entries]): DefaultPrivileges[] => {
    const [owner, schema, on] = JSON.parse(key) as [string, string | null, FutureObjects]
    const since = { schemas: 100000, 'large objects': 180000 }[on as string] ?? 0
    return version < since ? [] : [{ owner, schema, on, acl: aclOf(entries) }]
  })
  const actingRole = acting === 'bootstrap' ? bootstrap : names[0]!
  addDelegate(from, intermediates, actingRole, parts)
  const administered = administeredRows(from, parts.memberships, [...intermediates, ...names], actingRole)
  const snapshot: Snapshot = {
    format: 1,
    server: {
      version,
      database: 'warehouse',
      databaseOid,
      databaseOwner: sketches.all().find(({ kind }) => kind === 'database')!.owner,
      createsSchemas: true,
      maxLocksPerTransaction: 64,
      lockTableSize: 8064,
      predicateLockTableSize: 8064,
      actingRole,
      sessionRole: from.isSetRole ? bootstrap : actingRole,
      bootstrapRole: bootstrap,
    },
    roles: [
      role(bootstrap, { superuser: true, login: true, oid: '10' }),
      role('pg_monitor', { oid: '3373' }),
      ...(version >= 140000 ? [role(databaseOwners, { oid: '6171' })] : []),
      ...roles,
      ...parts.roles,
    ],
    memberships: withMemberships(administered, from.memberships, {
      roles: [...names, ...intermediates, 'pg_monitor', bootstrap],
      members: names,
      version,
      bootstrap,
    }),
    objects: sketches.all().map(finished),
    defaultPrivileges,
    unmanaged,
  }
  return {
    ...snapshot,
    server: { ...snapshot.server, createsSchemas: createsSchemas(snapshot, actingRole) },
  }
}

/**
 * A snapshot as a server may give it, of everything there is: whoever granted something was allowed to, memberships
 * make no cycle, and what follows a table has its owner. `warehouse` is its database, `postgres` its bootstrap
 * superuser; intermediate roles are named as pgsr names them, but not all can be trusted.
 */
export const anySnapshot: fc.Arbitrary<Snapshot> = drawn.map(build)
