import type pg from 'pg'
import type { Goal } from './goal.ts'
import { type Sent, Session } from './session.ts'
import { missingIn, type State, type Truth } from './state.ts'
import { privilegeOn, type Thing, thingKey } from './thing.ts'
import type { World } from './world.ts'

/** The same but for options. */
const isSame =
  (one: Truth) =>
  (other: Truth): boolean =>
    JSON.stringify({ ...one, admin: 0, inherit: 0, set: 0, grantable: 0 }) ===
    JSON.stringify({ ...other, admin: 0, inherit: 0, set: 0, grantable: 0 })

/** Statements that the acting role may send, in order, and that leave nothing changed but what was to be. */
export type Way = readonly Sent[]

interface Place {
  readonly client: pg.ClientBase
  readonly world: World
  readonly version: number
  readonly read: (client: pg.ClientBase) => Promise<State>
}

/** What a role is made a member of another by. */
const borrowing = (role: string, member: string, version: number): string =>
  `grant ${role} to ${member}${version >= 160000 ? ' with inherit true, set true' : ''}`

/** How far a search goes: what it may do before the decisive statement. */
interface Reach {
  /** Whether it makes itself a member of others. */
  readonly borrows: boolean
  /** Whether it takes what is in the way of that: its own members. */
  readonly pauses: boolean
  readonly lends: boolean
}

const reaches: readonly Reach[] = [
  { borrows: false, pauses: false, lends: false },
  { borrows: false, pauses: false, lends: true },
  { borrows: true, pauses: false, lends: false },
  { borrows: true, pauses: false, lends: true },
  { borrows: true, pauses: true, lends: true },
]

/**
 * Looks for a way to a goal by sending whatever may help, until nothing more can be done that could: whom it may be a
 * member of, it becomes one of; what may be lent, it lends. Then it tries the decisive statement as everybody it can
 * become, leaves out again what was not needed, and undoes the rest.
 */
class Search {
  readonly #place: Place
  readonly #goal: Goal
  readonly #session: Session
  readonly #before: State

  constructor(place: Place, session: Session, before: State, goal: Goal) {
    this.#place = place
    this.#goal = goal
    this.#session = session
    this.#before = before
  }

  /** Whom it can become now. Who becomes a superuser says so by `actAs`: no plan makes itself one of its own accord. */
  async #speakers(): Promise<readonly string[]> {
    const { acting, roles } = this.#place.world.names
    const found = [acting]
    for (const role of roles) {
      const isSuperuser = [...this.#before.values()].some(
        (truth) => truth.is === 'attribute' && truth.attribute === 'SUPERUSER' && truth.role === role,
      )
      if (!isSuperuser && (await this.#session.send({ as: role, text: 'select' }))) found.push(role)
    }
    return found
  }

  #read(): Promise<State> {
    return this.#place.read(this.#place.client)
  }

  async find(): Promise<Way | undefined> {
    for (const reach of reaches) {
      const mark = await this.#session.mark()
      const steps = await this.#saturate(reach)
      const decisive = await this.#decisive()
      await this.#session.backTo(mark)
      for (const one of decisive) {
        const needed = await this.#leastOf(steps, one)
        const way = needed && (await this.#undone([...needed, one]))
        if (way !== undefined) return way
      }
    }
    return undefined
  }

  /** Does everything that may help, each thing once. */
  async #saturate({ borrows, pauses, lends }: Reach): Promise<readonly Sent[]> {
    const { world, version } = this.#place
    const { acting, roles } = world.names
    const helps = new Set<string>([
      ...(pauses ? this.#pauses() : []),
      ...(borrows && version < 160000 ? [`alter role ${acting} inherit`] : []),
      ...(borrows ? roles.map((role) => borrowing(role, acting, version)) : []),
      ...(lends ? this.#goal.loans : []),
    ])
    const steps: Sent[] = []
    for (let before = -1; before !== steps.length;) {
      before = steps.length
      const speakers = await this.#speakers()
      for (const text of helps)
        for (const as of speakers)
          if (await this.#session.send({ as, text })) {
            helps.delete(text)
            steps.push({ as, text })
            break
          }
    }
    return steps
  }

  /** The acting role cannot be a member of who is a member of it. */
  #pauses(): readonly string[] {
    const { acting } = this.#place.world.names
    return [...this.#before.values()].flatMap((truth) =>
      truth.is === 'member' && truth.role === acting
        ? [
            `revoke ${acting} from ${truth.member}${truth.grantor === null ? '' : ` granted by ${truth.grantor}`}`,
          ]
        : [],
    )
  }

  async #decisive(): Promise<readonly Sent[]> {
    const found: Sent[] = []
    const speakers = await this.#speakers()
    for (const text of this.#goal.decisive)
      for (const as of speakers) {
        const mark = await this.#session.mark()
        if ((await this.#session.send({ as, text })) && this.#goal.isReached(await this.#read()))
          found.push({ as, text })
        await this.#session.backTo(mark)
      }
    return found
  }

  async #works(steps: readonly Sent[], decisive: Sent): Promise<boolean> {
    const mark = await this.#session.mark()
    let works = true
    for (const step of [...steps, decisive]) works = works && (await this.#session.send(step))
    works = works && this.#goal.isReached(await this.#read())
    await this.#session.backTo(mark)
    return works
  }

  async #leastOf(steps: readonly Sent[], decisive: Sent): Promise<readonly Sent[] | undefined> {
    let needed = steps
    for (const step of steps.toReversed()) {
      const without = needed.filter((one) => one !== step)
      if (await this.#works(without, decisive)) needed = without
    }
    return (await this.#works(needed, decisive)) ? needed : undefined
  }

  /** The way with what undoes its steps, the last first; `undefined` where that changes anything but what was meant. */
  async #undone(way: readonly Sent[]): Promise<Way | undefined> {
    const mark = await this.#session.mark()
    const done: Sent[] = []
    const changes: (readonly [Sent, State, State])[] = []
    for (const step of way) {
      const before = await this.#read()
      await this.#session.send(step)
      done.push(step)
      changes.push([step, before, await this.#read()])
    }
    for (const [step, before, after] of changes.slice(0, -1).toReversed())
      for (const text of this.#inverses(before, after))
        for (const as of new Set([step.as, ...(await this.#speakers())]))
          if (await this.#session.send({ as, text })) {
            done.push({ as, text })
            break
          }
    const state = await this.#read()
    await this.#session.backTo(mark)
    const changed = [...missingIn(state, this.#before), ...missingIn(this.#before, state)]
    return this.#goal.isReached(state) && changed.every(this.#goal.isMeant) ? done : undefined
  }

  /** What undoes a change, in no order. */
  #inverses(before: State, after: State): readonly string[] {
    const [gone, added] = [missingIn(after, before), missingIn(before, after)]
    return [
      ...added.map((truth) => this.#without(truth, gone.find(isSame(truth)))),
      ...gone.filter((truth) => !added.some(isSame(truth))).map((truth) => this.#with(truth)),
    ]
  }

  /** Takes something away, or makes it what it was. */
  #without(truth: Truth, former: Truth | undefined): string {
    switch (truth.is) {
      case 'member':
        if (former !== undefined) return this.#with(former)
        return `revoke ${truth.role} from ${truth.member}${truth.grantor === null ? '' : ` granted by ${truth.grantor}`}`
      case 'item': {
        const thing = this.#thing(truth.thing)
        const option = former === undefined ? '' : 'grant option for '
        return `revoke ${option}${privilegeOn(thing, truth.privilege)} on ${thing.on} from ${truth.grantee}`
      }
      case 'attribute':
        return `alter role ${truth.role} no${truth.attribute}`
      default:
        return 'select'
    }
  }

  #with(truth: Truth): string {
    switch (truth.is) {
      case 'member': {
        const { role, member, grantor, admin, inherit, set } = truth
        return grantor === null
          ? `grant ${role} to ${member}${admin ? ' with admin option' : ''}`
          : `grant ${role} to ${member} with admin ${admin}, inherit ${inherit}, set ${set} granted by ${grantor}`
      }
      case 'item': {
        const thing = this.#thing(truth.thing)
        return `grant ${privilegeOn(thing, truth.privilege)} on ${thing.on} to ${truth.grantee}${truth.grantable ? ' with grant option' : ''}`
      }
      case 'attribute':
        return `alter role ${truth.role} ${truth.attribute}`
      default:
        return 'select'
    }
  }

  #thing(key: string): Thing {
    return this.#place.world.things.find((thing) => thingKey(thing) === key)!
  }
}

/** Looks for a way to each of some goals, as the acting role, as things are now. Nothing stays of it. */
export const findWays = async (
  place: Place,
  goals: readonly Goal[],
): Promise<readonly (readonly [Goal, Way])[]> => {
  const { client, read } = place
  const session = new Session(client)
  const found: (readonly [Goal, Way])[] = []
  await client.query('begin')
  const before = await read(client)
  for (const goal of goals) {
    const way = await new Search(place, session, before, goal).find()
    if (way !== undefined) found.push([goal, way])
  }
  await client.query('rollback')
  return found
}
