import type { Random } from '../race/random.ts'
import { actBasics, drawAction } from './action.ts'
import { Draft, Kit } from './kit.ts'
import { type Author, type Part, victims } from './part.ts'
import { expressionPieces } from './piece/expression.ts'
import { foreignKeyPieces } from './piece/foreign-key.ts'
import { otherPieces } from './piece/other.ts'
import { makePlainParent, partitionPieces } from './piece/partition.ts'
import { isIn, type Piece, type TablePiece } from './piece/piece.ts'
import { routinePieces } from './piece/routine.ts'
import { triggerPieces } from './piece/trigger.ts'
import { typePieces } from './piece/type.ts'
import { viewPieces } from './piece/view.ts'
import { drawSettings } from './settings.ts'
import { makeTable } from './table.ts'
import { nameOf, type World } from './world.ts'

export interface DrawOptions {
  readonly random: Random
  readonly version: number
  readonly role: (part: Part) => string
}

export type Kits = Readonly<Record<Author, Kit>>

const piecesOfTables: readonly TablePiece[] = [
  ...expressionPieces,
  ...triggerPieces,
  ...typePieces,
  ...viewPieces,
  ...foreignKeyPieces,
]

const otherThings: readonly Piece[] = [...routinePieces, ...partitionPieces, ...otherPieces]

/** Who may use the schema of each. */
const schemaOf = (kit: Kit, part: Part, isOwn: boolean): void => {
  const names = (['author', 'rival', 'friend', 'other'] as const).filter((other) => other !== part)
  const users = [...names.map((name) => kit.role(name)), kit.role('actor')].join()
  kit.build(`create schema ${part}`, 'actor')
  kit.build(
    `grant all on schema ${part} to ${kit.role(part)}; grant usage on schema ${part} to ${users}`,
    'actor',
  )
  if (isOwn) kit.build(`alter schema ${part} owner to ${kit.role(part)}`, 'root')
}

/** Makes the schemas, and what nobody but its owner may read and write. */
const setUp = (kit: Kit): void => {
  kit.build(`grant create on schema public to ${kit.role('author')}, ${kit.role('friend')}`, 'root')
  for (const part of ['author', 'rival', 'friend', 'other'] as const)
    schemaOf(kit, part, part !== 'author' || kit.random.chance(0.5))
  kit.build('create schema vault; grant usage on schema vault to public', 'actor')
  for (const victim of victims)
    kit.build(
      `create table vault.${victim} as select text 'secret of ${victim}' as secret;
       create table vault.${victim}_journal (writer text, statement text);
       alter table vault.${victim} owner to ${kit.role(victim)};
       alter table vault.${victim}_journal owner to ${kit.role(victim)}`,
      'root',
    )
}

/** Writes down a world with whatever is to be in it. */
export const write = (options: DrawOptions, fill: (kits: Kits) => void): World => {
  const draft = new Draft()
  const kitOf = (author: Author): Kit => new Kit({ ...options, draft, author })
  const kits = { author: kitOf('author'), rival: kitOf('rival'), friend: kitOf('friend') }
  setUp(kits.author)
  fill(kits)
  return draft.world
}

const possible = <P extends Omit<Piece, 'make'>>(pieces: readonly P[], { version }: Kit): readonly P[] =>
  pieces.filter((piece) => isIn(piece, version))

/** Every sort of thing once, each on a table of its own. */
export const everything = (options: DrawOptions): World =>
  write(options, ({ author }) => {
    for (const piece of possible(piecesOfTables, author)) piece.make(author, makeTable(author))
    for (const piece of possible(otherThings, author)) piece.make(author)
    for (const relation of author.draft.relations) actBasics(author, relation)
  })

/** Draws what an author makes: a few tables that hold several things each. */
const drawThings = (kit: Kit, tables: number): void => {
  const { random } = kit
  for (let count = 0; count < tables; count += 1) {
    const table = random.chance(0.25) ? makePlainParent(kit) : makeTable(kit)
    const share = random.pick([0, 0.02, 0.05, 0.1])
    for (const piece of random.some(possible(piecesOfTables, kit), share)) piece.make(kit, table)
  }
  for (const piece of random.some(possible(otherThings, kit), 0.05)) piece.make(kit)
}

/** Memberships that authors, friends and others may have. */
const memberships: readonly (readonly [role: Part, member: Part])[] = [
  ['author', 'friend'],
  ['friend', 'author'],
  ['other', 'author'],
  ['author', 'rival'],
]

/** Draws a world, and so many statements to try in it. */
export const drawWorld = (options: DrawOptions, statements: number): World =>
  write(options, (kits) => {
    const { random, version } = options
    const { author, rival, friend } = kits
    for (const [role, member] of random.some(memberships, 0.08))
      author.build(`grant ${options.role(role)} to ${options.role(member)}`, 'root')
    drawThings(author, random.pick([1, 2, 3, 4]))
    if (random.chance(0.4)) drawThings(rival, 1)
    if (random.chance(0.3)) drawThings(friend, 1)
    const { relations, actions } = author.draft
    for (let count = 0; count < statements; count += 1) {
      if (random.chance(0.05)) {
        const by = random.pick(['author', 'friend', 'root', 'actor', 'rival'] as const)
        author.act(by, drawSettings(random, by, version), { alone: true })
      } else if (relations.length > 0) drawAction(kits, random.pick(relations))
    }
    shuffle(options.random, actions)
    // From 18 on it waits for the sync, which would wait for it.
    for (const relation of version < 180000 ? random.some(relations, 0.1) : [])
      author.draft.meanwhile.push({
        by: author.author,
        text: `grant references (id) on ${nameOf(relation)} to ${options.role('friend')}`,
      })
  })

/** Fisher and Yates. */
const shuffle = (random: Random, all: unknown[]): void => {
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random.number() * (last + 1))
    ;[all[last], all[other]] = [all[other], all[last]]
  }
}
