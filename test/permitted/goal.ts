import type { DesiredRole, Plan, Residue } from '@pgsr/node-postgres'
import type { State, Truth } from './state.ts'
import { privilegeOn, type Thing, thingKey } from './thing.ts'
import type { World } from './world.ts'

/** What a plan refuses to do, and how somebody might go about it. */
export interface Goal {
  readonly what: string
  /** Any of these would do it, sent as the right role. */
  readonly decisive: readonly string[]
  /** What may help besides being a member of others: lent to somebody for the time. */
  readonly loans: readonly string[]
  /** Whose members have to be, or whom it helps to be. */
  readonly isReached: (state: State) => boolean
  /** Whether somebody’s having it or not is what is asked for, and no harm to others. */
  readonly isMeant: (truth: Truth) => boolean
}

type Of<Is extends Truth['is']> = Extract<Truth, { readonly is: Is }>

const some = <Is extends Truth['is']>(state: State, is: Is, test: (truth: Of<Is>) => boolean): boolean =>
  [...state.values()].some((truth) => truth.is === is && test(truth as Of<Is>))

const futures: Readonly<Record<string, readonly [letter: string, words: string]>> = {
  tables: ['r', 'tables'],
  sequences: ['S', 'sequences'],
  functions: ['f', 'functions'],
  types: ['T', 'types'],
  schemas: ['n', 'schemas'],
}

interface Named {
  readonly kind: string
  readonly name: readonly string[]
}

const thingOf = ({ things }: World, { kind, name }: Named): Thing | undefined =>
  things.find((thing) => thingKey(thing) === thingKey({ kind: kind as Thing['kind'], name }))

const schemaOf = ({ kind, name }: Thing): string | undefined =>
  kind === 'schema' || kind === 'database' ? undefined : name[0]

/** That somebody reaches a thing in its schema. */
const usage = (thing: Thing, ...roles: readonly string[]): readonly string[] => {
  const schema = schemaOf(thing)
  return schema === undefined ? [] : roles.map((role) => `grant usage on schema ${schema} to ${role}`)
}

/** The key of what has an owner: of a column, its table. */
const ownedKey = (thing: Thing): string =>
  thing.kind === 'column' ? `table ${thing.name.slice(0, 2).join(' ')}` : thingKey(thing)

const ownerOf = (state: State, thing: Thing): string => {
  const key = ownedKey(thing)
  for (const truth of state.values()) if (truth.is === 'owner' && truth.thing === key) return truth.owner
  throw new Error(`nobody owns ${key}`)
}

const attributeGoal = (role: string, attribute: string, value: boolean): Omit<Goal, 'what'> => ({
  decisive: [`alter role ${role} ${value ? '' : 'no'}${attribute}`],
  loans: [],
  isReached: (state) =>
    some(state, 'attribute', (truth) => truth.role === role && truth.attribute === attribute) === value,
  isMeant: (truth) => truth.is === 'attribute' && truth.role === role && truth.attribute === attribute,
})

const ownerGoal = (world: World, thing: Thing, owner: string, state: State): Omit<Goal, 'what'> => {
  const { acting } = world.names
  const old = ownerOf(state, thing)
  const schema = schemaOf(thing)
  const columns = world.things.filter(
    ({ kind, name }) => thing.kind === 'table' && kind === 'column' && name[0] === thing.name[0],
  )
  const keys = new Set([thing, ...columns].map(thingKey))
  return {
    decisive: [`alter ${thing.owned!} owner to ${owner}`],
    loans: [
      ...usage(thing, acting, old),
      ...(schema === undefined ? [] : [`grant create on schema ${schema} to ${owner}`]),
    ],
    isReached: (now) => ownerOf(now, thing) === owner,
    isMeant: (truth) => 'thing' in truth && keys.has(truth.thing),
  }
}

/** The role that a plan makes the owner of a thing, if any. */
const newOwnerOf = ({ transactions }: Plan, thing: Thing): string | undefined => {
  const change = transactions
    .flat()
    .findLast(
      (operation) =>
        operation.kind === 'setOwner' &&
        thingKey({ kind: operation.object.kind as Thing['kind'], name: operation.object.name }) ===
          ownedKey(thing),
    )
  return change?.kind === 'setOwner' ? change.owner : undefined
}

const residueGoal = (
  world: World,
  state: State,
  plan: Plan,
  { fact, reason }: Residue,
): Omit<Goal, 'what'> | undefined => {
  const { acting } = world.names
  switch (fact.kind) {
    case 'attribute':
      return attributeGoal(fact.role, fact.attribute, false)
    case 'membership': {
      const { role, member, grantor } = fact
      const isIt = (truth: Truth): boolean =>
        truth.is === 'member' &&
        truth.role === role &&
        truth.member === member &&
        (truth.grantor === null || truth.grantor === grantor)
      return {
        decisive: [`revoke ${role} from ${member}`, `revoke ${role} from ${member} granted by ${grantor}`],
        loans: [],
        isReached: (now) => ![...now.values()].some(isIt),
        isMeant: isIt,
      }
    }
    case 'ownership': {
      const thing = thingOf(world, fact.object)
      if (thing === undefined || reason !== 'not permitted') return undefined
      return ownerGoal(world, thing, acting, state)
    }
    case 'privilege': {
      const thing = thingOf(world, fact.object)
      if (thing === undefined) return undefined
      const { privilege, grantee, grantor } = fact
      // Where the plan changes the owner, what the old one has now becomes the new one’s.
      const newOwner = newOwnerOf(plan, thing)
      const owners = (role: string): readonly string[] =>
        role === newOwner ? [role, ownerOf(state, thing)] : [role]
      const isIt = (truth: Truth): boolean =>
        truth.is === 'item' &&
        truth.thing === thingKey(thing) &&
        truth.privilege === privilege &&
        owners(grantee).includes(truth.grantee) &&
        owners(grantor).includes(truth.grantor)
      const asked = privilegeOn(thing, privilege)
      return {
        decisive: owners(grantee).map((role) => `revoke ${asked} on ${thing.on} from ${role}`),
        loans: [
          ...usage(thing, acting, grantor),
          `grant ${asked} on ${thing.on} to ${grantor} with grant option`,
        ],
        isReached: (now) => ![...now.values()].some(isIt),
        isMeant: isIt,
      }
    }
    case 'default privilege': {
      const { owner, schema, on, privilege, grantee } = fact
      const [letter, words] = futures[on]!
      const where = schema === null ? '' : `in schema ${schema} `
      const isIt = (truth: Truth): boolean =>
        truth.is === 'default' &&
        truth.owner === owner &&
        truth.schema === schema &&
        truth.letter === letter &&
        truth.privilege === privilege &&
        truth.grantee === grantee
      return {
        decisive: [
          `alter default privileges for role ${owner} ${where}revoke ${privilege} on ${words} from ${grantee}`,
        ],
        loans: [],
        isReached: (now) => ![...now.values()].some(isIt),
        isMeant: isIt,
      }
    }
    default:
      return undefined
  }
}

const skippedGoals = (
  world: World,
  state: State,
  synced: readonly string[],
  { role, grant }: Plan['skipped'][number],
): readonly Omit<Goal, 'what'>[] => {
  const { acting } = world.names
  switch (grant?.kind) {
    case 'attribute':
      return [attributeGoal(role, grant.attribute, true)]
    case 'membership': {
      const { role: of, admin = false, inherit, set } = grant
      const options = [
        ...(inherit === undefined ? [] : [`inherit ${inherit}`]),
        ...(set === undefined ? [] : [`set ${set}`]),
        ...(admin ? ['admin option'] : []),
      ]
      const isIt = (truth: Truth): boolean =>
        truth.is === 'member' && truth.role === of && truth.member === role
      return [
        {
          decisive: [`grant ${of} to ${role}${options.length > 0 ? ` with ${options.join(', ')}` : ''}`],
          loans: [],
          isReached: (now) =>
            some(
              now,
              'member',
              (truth) =>
                isIt(truth) &&
                // In the name of who is to lose its ADMIN option nothing would last.
                !synced.includes(truth.grantor ?? '') &&
                (!admin || truth.admin) &&
                (inherit === undefined || truth.inherit === inherit) &&
                (set === undefined || truth.set === set) &&
                (truth.inherit || truth.set),
            ),
          isMeant: isIt,
        },
      ]
    }
    case 'ownership': {
      const thing = 'name' in grant.object ? thingOf(world, grant.object) : undefined
      return thing === undefined ? [] : [ownerGoal(world, thing, role, state)]
    }
    case 'default privilege': {
      const { owner, schema, on, privileges, grantable } = grant
      const [letter, words] = futures[on]!
      const where = schema === null ? '' : `in schema ${schema} `
      const isIt = (truth: Truth): boolean =>
        truth.is === 'default' &&
        truth.owner === owner &&
        truth.schema === schema &&
        truth.letter === letter &&
        truth.grantee === role &&
        truth.privilege === privileges[0]
      return [
        {
          decisive: [
            `alter default privileges for role ${owner} ${where}grant ${privileges[0]!} on ${words} to ${role}${grantable ? ' with grant option' : ''}`,
          ],
          loans: [],
          isReached: (now) => [...now.values()].some(isIt),
          isMeant: isIt,
        },
      ]
    }
    case 'privilege': {
      const thing = 'name' in grant.object ? thingOf(world, grant.object) : undefined
      if (thing === undefined) return []
      const owner = ownerOf(state, thing)
      const { grantable } = grant
      return grant.privileges.map((privilege) => {
        const isIt = (truth: Truth): boolean =>
          truth.is === 'item' &&
          truth.thing === thingKey(thing) &&
          truth.privilege === privilege &&
          truth.grantee === role &&
          truth.grantor === owner
        return {
          decisive: [
            `grant ${privilegeOn(thing, privilege)} on ${thing.on} to ${role}${grantable ? ' with grant option' : ''}`,
          ],
          loans: usage(thing, acting, owner),
          isReached: (now) =>
            some(now, 'item', (truth) => isIt(truth) && (!grantable || truth.grantable || role === owner)),
          isMeant: isIt,
        }
      })
    }
    case undefined:
      return []
  }
}

/** Everything that a plan leaves undone because it says that it is not permitted, or cannot be. */
export const goalsOf = (
  world: World,
  desired: readonly DesiredRole[],
  plan: Plan,
  before: State,
): readonly Goal[] => [
  ...plan.residue.flatMap((one) => {
    const goal = residueGoal(world, before, plan, one)
    return goal === undefined ? [] : [{ what: `residue (${one.reason}): ${one.message}`, ...goal }]
  }),
  ...plan.skipped.flatMap((one) =>
    one.reason === 'not permitted'
      ? skippedGoals(
          world,
          before,
          desired.map(({ role }) => role),
          one,
        ).map((goal) => ({ what: `skipped: ${one.message}`, ...goal }))
      : [],
  ),
]
