import { Grant, Target } from '@pgsr/node-postgres'
import type { Random } from '../race/random.ts'
import type { Author, Part } from './part.ts'
import { type SpyForm, spyDefinition } from './spy.ts'
import type { Action, Keepable, Relation, Statement, World } from './world.ts'

type ActionOptions = Omit<Action, 'by' | 'text'>

/** What a world is written down with. */
export class Draft {
  readonly statements: Statement[] = []
  readonly relations: Relation[] = []
  readonly keepable: Keepable[] = []
  readonly places = new Set<string>()
  readonly meanwhile: Statement[] = []
  readonly precautions: Statement[] = []
  readonly needs: Statement[] = []
  readonly actions: Action[] = []
  #numbers = 0

  next(): number {
    this.#numbers += 1
    return this.#numbers
  }

  get world(): World {
    const { statements, relations, keepable, places, meanwhile, precautions, needs, actions } = this
    return { statements, relations, keepable, places: [...places], meanwhile, precautions, needs, actions }
  }
}

export interface KitOptions {
  readonly draft: Draft
  /** As `server_version_num` has it. */
  readonly version: number
  readonly random: Random
  /** What the role of a part is called. */
  readonly role: (part: Part) => string
  readonly author: Author
}

/** What an author makes things with. */
export class Kit {
  readonly draft: Draft
  readonly version: number
  readonly random: Random
  readonly role: (part: Part) => string
  readonly author: Author

  constructor({ draft, version, random, role, author }: KitOptions) {
    this.draft = draft
    this.version = version
    this.random = random
    this.role = role
    this.author = author
  }

  /** A name in the author’s schema that nothing has yet. */
  name(base: string): string {
    return `${this.author}.${base}_${this.draft.next()}`
  }

  /** A key that no row has yet. */
  key(): number {
    return 1000 + this.draft.next()
  }

  /** Has a statement run while the world is made. */
  build(text: string, by: Part = this.author): void {
    this.draft.statements.push({ by, text })
  }

  /** Has a statement tried, before the sync and after. */
  act(by: Part | readonly Part[], text: string, options: ActionOptions = {}): void {
    for (const part of [by].flat()) this.draft.actions.push({ by: part, text, ...options })
  }

  /** Makes a function that notes who runs it, and gives back its name. */
  spy(place: string, form: SpyForm = {}): string {
    const name = this.name('spy')
    this.draft.places.add(place)
    this.build(spyDefinition(name, place, this.author, form))
    const { takes = 'int', isProcedure = false } = form
    const [schema, routine] = name.split('.') as [string, string]
    const types = takes === '' ? [] : takes.split(', ').map((type) => type.replace('int', 'integer'))
    const target = isProcedure ? Target.procedure : Target.function
    // Only what has types of pg_catalog can be named without knowing more.
    if (!takes.includes('.')) this.keepable(Grant.ownership(target(schema, routine, types)))
    return name
  }

  /** The same that says yes. */
  predicate(place: string, form: SpyForm = {}): string {
    return this.spy(place, { returns: 'boolean', gives: 'true', ...form })
  }

  /** The same for a trigger. */
  trigger(place: string, form: SpyForm = {}): string {
    return this.spy(place, {
      takes: '',
      returns: 'trigger',
      gives: `case when tg_op = 'DELETE' then old else new end`,
      volatility: 'volatile',
      ...form,
    })
  }

  keepable(grant: Keepable['grant']): void {
    this.draft.keepable.push({ author: this.author, grant })
  }

  /** Lets statements be about a relation of the author’s. */
  relation(qualified: string, kind: Relation['kind'] = 'table'): void {
    const [, name = ''] = qualified.split('.')
    this.draft.relations.push({ schema: this.author, name, kind })
    this.keepable(Grant.tableOwnership(this.author, name))
  }
}
