import type { ActorKind } from '../harness/sandbox/actor.ts'
import type { Driver } from '../harness/drivers/drivers.ts'
import type { TestServer } from '../harness/servers/servers.ts'
import { type Author, isAttacker, type Part, parts, victims } from './part.ts'
import { canDoNothing, type RoleState, roleStateOf } from './power.ts'
import type { AttackRequest } from './request.ts'
import { messageOf, Notes, type Ran } from './session.ts'
import type { Note } from './spy.ts'
import { openSetup, type AttackSetup } from './setup.ts'
import { Control, isAllowed, type Runner } from './verdict.ts'
import type { Action, Statement, World } from './world.ts'

/** What is tried, and how. */
export interface Plot {
  readonly title: string
  readonly world: World
  readonly request: AttackRequest
  /** Whether those who may connect anew after the sync. */
  readonly reopens: boolean
  readonly kind: ActorKind
  readonly driver: Driver
  /** Part of the names of its roles and its database. */
  readonly tag: string
}

/** That something happened with rights that it must not have. */
export interface Finding {
  /** What stays the same where the same is found again. */
  readonly what: string
  readonly statement: Statement
  /** The role that code ran as. */
  readonly role?: string
}

export interface AttackResult {
  readonly findings: readonly Finding[]
  /** What else went wrong. */
  readonly failures: readonly string[]
  /** Statements that the server refused when the world was made. */
  readonly unbuilt: readonly string[]
  /** Where code ran before the sync. */
  readonly fired: ReadonlySet<string>
  /** How many statements worked after it that had to. */
  readonly needs: number
}

const authors = ['author', 'rival', 'friend'] as const satisfies readonly Author[]

/** Tells as whom code ran. */
class Witness {
  readonly #setup: AttackSetup
  readonly #before: ReadonlyMap<Author, RoleState>
  readonly #control: Control
  readonly #known = new Map<string, boolean>()

  constructor(setup: AttackSetup, before: ReadonlyMap<Author, RoleState>, control: Control) {
    this.#setup = setup
    this.#before = before
    this.#control = control
  }

  /** What the author or its friend lets the other do, that might as well do itself: they are one. */
  async runnerOf(note: Note, by: Part): Promise<Runner> {
    const { runner, author } = note
    const role = (part: Part): string => this.#setup.role(part)
    if (runner === role(author)) return 'author'
    if (author !== 'rival' && (runner === role('author') || runner === role('friend'))) return 'ally'
    if (runner === role(by)) return 'caller'
    const isAlly = (part: Author): boolean => author !== 'rival' && part !== 'rival'
    // Where code ran as somebody else before, who is an author too, it may run as who has the things of that one now.
    for (const former of authors)
      if (former === author || isAlly(former) || this.#control.ranAs({ ...note, runner: role(former) }))
        if (await this.#isNobody(runner, former)) return 'nobody'
    return 'somebody else'
  }

  async #isNobody(runner: string, former: Author): Promise<boolean> {
    const key = `${runner} ${former}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const state = await roleStateOf(this.#setup.session('root'), runner)
    const isNobody = canDoNothing(state, this.#before.get(former)!)
    this.#known.set(key, isNobody)
    return isNobody
  }
}

const build = async (setup: AttackSetup, { statements }: World): Promise<readonly [string[], Note[]]> => {
  const [unbuilt, notes]: readonly [string[], Note[]] = [[], []]
  for (const { by, text } of statements) {
    const ran = await setup.session(by).run(text)
    notes.push(...ran.notes)
    if (ran.error !== undefined) unbuilt.push(`${by}: ${text}: ${ran.error}`)
  }
  return [unbuilt, notes]
}

/** Runs a statement and takes back what it did; a constraint that is deferred is looked at. */
const runUndone = async (setup: AttackSetup, { by, text }: Action): Promise<Ran> => {
  const session = setup.session(by)
  const ran = await session.run(`begin; ${text}; set constraints all immediate; rollback`)
  if (ran.error !== undefined) await session.run('rollback')
  return ran
}

const run = (setup: AttackSetup, action: Action): Promise<Ran> =>
  action.undone === true ? runUndone(setup, action) : setup.session(action.by).run(action.text)

/** Tries everything before the sync. */
const rehearse = async (setup: AttackSetup, { actions, needs }: World) => {
  const [control, fired] = [new Control(), new Set<string>()]
  for (const action of actions) {
    const { notes } = await run(setup, { ...action, undone: action.alone !== true })
    for (const note of notes) {
      fired.add(note.place)
      control.record(action, note, setup.role(action.by))
    }
  }
  const working: Statement[] = []
  for (const need of needs) if ((await runUndone(setup, need)).error === undefined) working.push(need)
  return { control, fired, working }
}

/** By victim, who may read its secret. */
const readersOf = async (setup: AttackSetup): Promise<ReadonlySet<string>> => {
  const readers = new Set<string>()
  for (const victim of victims)
    for (const part of parts) {
      const { rows } = await setup
        .session('root')
        .run(`select 'yes' where has_table_privilege('${setup.role(part)}', 'vault.${victim}', 'select')`)
      if (rows.includes('yes')) readers.add(`${part} ${victim}`)
    }
  return readers
}

/** Which secrets somebody learns. */
const leaksIn = ({ rows }: Ran, by: Part, readers: ReadonlySet<string>): readonly string[] =>
  victims.filter(
    (victim) => isAttacker(by) && rows.includes(`secret of ${victim}`) && !readers.has(`${by} ${victim}`),
  )

/** A row of a journal. */
interface Written {
  readonly writer: string
  readonly statement: string
}

/** What was written where only a victim may write. */
const journalFindings = async (setup: AttackSetup): Promise<readonly Finding[]> => {
  const findings: Finding[] = []
  for (const victim of victims) {
    const { rows } = await setup.session('root').run(`table vault.${victim}_journal`)
    const [written = []]: readonly (readonly Written[])[] = JSON.parse(rows === '' ? '[]' : rows)
    for (const { writer, statement } of written)
      findings.push({
        what: `wrote into a table of the ${victim}’s`,
        statement: { by: parts.find((part) => setup.role(part) === writer) ?? 'root', text: statement },
      })
  }
  return findings
}

const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && '_tag' in error && error._tag === 'LockTimeoutError'

const sync = async (setup: AttackSetup, { request, driver }: Plot) => {
  const notes = new Notes()
  const pool = driver.pool(setup.actor, setup.database, 2, notes.take)
  try {
    await pool.syncRoles(request.desired, { ...request.options, onResidue: 'report', lockTimeout: 1000 })
    return { notes: notes.all }
  } catch (error) {
    return { notes: notes.all, error }
  } finally {
    await pool.end()
  }
}

/** Makes a world, syncs roles in it, and looks as whom what they wrote runs. */
export const attempt = async (server: TestServer, plot: Plot): Promise<AttackResult> => {
  const { world, tag, kind, reopens } = plot
  const setup = await openSetup(server, tag, kind)
  try {
    const [unbuilt, notesOfBuild] = await build(setup, world)
    const before = new Map<Author, RoleState>()
    for (const author of authors)
      before.set(author, await roleStateOf(setup.session('root'), setup.role(author)))
    const { control, fired, working } = await rehearse(setup, world)
    for (const { place } of notesOfBuild) fired.add(place)
    const readersBefore = await readersOf(setup)

    const findings: Finding[] = []
    const failures: string[] = []
    const found = (finding: Finding): void => {
      const isNew = !findings.some(({ what }) => what === finding.what)
      if (isNew) findings.push(finding)
    }
    for (const { by, text } of world.meanwhile) await setup.session(by).run(`begin; ${text}`)
    const first = await sync(setup, plot)
    for (const { by } of world.meanwhile) await setup.session(by).run('commit')
    // Who waits for a transaction of somebody else’s says so, and has done nothing.
    const { notes, error } =
      isLockTimeout(first.error) && world.meanwhile.length > 0 ? await sync(setup, plot) : first
    for (const { place, author, runner } of notes)
      found({
        what: `the ${author}’s ${place} ran while roles were synced`,
        statement: { by: 'actor', text: 'syncRoles' },
        role: runner,
      })
    if (error !== undefined) failures.push(`the sync failed: ${messageOf(error)}`)

    if (reopens) await setup.reopen()
    for (const part of parts) await setup.session(part).run('reset all')
    for (const { by, text } of world.precautions) await setup.session(by).run(text)
    const broken: string[] = []
    const isSynced = (part: Part): boolean =>
      plot.request.desired.some(({ role }) => role === setup.role(part))
    const needed = working.filter(({ by }) => !isSynced(by))
    for (const { by, text } of needed) {
      const ran = await runUndone(setup, { by, text })
      if (ran.error !== undefined) broken.push(`the ${by} can no longer: ${text}: ${ran.error}`)
    }
    if (broken.length > 0) failures.push(`${broken[0]} (and ${broken.length - 1} more)`)
    const readers = new Set([...readersBefore, ...(await readersOf(setup))])
    const witness = new Witness(setup, before, control)
    for (const action of world.actions) {
      const ran = await run(setup, action)
      for (const note of ran.notes) {
        const runner = await witness.runnerOf(note, action.by)
        if (isAllowed(action, note, runner, control, setup.server.version)) continue
        const who = parts.find((part) => setup.role(part) === note.runner) ?? 'role that is not nobody'
        found({
          what: `the ${note.author}’s ${note.place} ran as the ${who}`,
          statement: action,
          role: note.runner,
        })
      }
      for (const victim of leaksIn(ran, action.by, readers))
        found({ what: `the ${action.by} read the ${victim}’s secret`, statement: action })
    }
    for (const finding of await journalFindings(setup)) found(finding)
    return { findings, failures, unbuilt, fired, needs: needed.length }
  } finally {
    await setup.end()
  }
}
