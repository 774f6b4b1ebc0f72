import { type ObjectKind, objectKinds } from '@pgsr/planner'
import { plural } from '@pgsr/planner/internal'
import { columnRows, grantableKinds, keyOfKind, objectRows } from './objects.ts'
import { listOf, type ListShape, type ObjectShape, oneOrMore, type VariantsShape } from './shape.ts'
import { knownRole, name } from './texts.ts'

const only = {
  shape: { kind: 'list', what: 'a list of roles', of: knownRole },
  doc: 'The only roles that may have it. Their members may, too. With none, nobody may but superusers.',
} as const

const inDatabases = {
  shape: oneOrMore('databases', name('the name of a database')),
  doc: 'The databases that it is about, of those in databases. Default: all of them.',
} as const

const canOn = (kind: ObjectKind) => ({
  shape: oneOrMore(`privileges on ${plural(kind)}`, {
    kind: 'word',
    what: `a privilege on ${plural(kind)}`,
    words: objectKinds[kind].privileges,
  }),
  doc: 'The privilege, or the privileges, that nobody else may have, in whatever way.',
})

const onObjects = (kind: ObjectKind): ObjectShape => {
  const objects = objectRows(kind)
  return {
    kind: 'object',
    what: `an assertion about ${plural(kind)}`,
    keys: {
      only,
      can: canOn(kind),
      ...objects,
      inDatabases,
    },
    required: ['only', 'can', ...Object.keys(objects)],
  }
}

const onColumns: ObjectShape = {
  kind: 'object',
  what: 'an assertion about columns',
  keys: {
    only,
    can: canOn('column'),
    ...columnRows,
    inDatabases,
  },
  required: ['only', 'can', ...Object.keys(columnRows)],
}

const ofPublic: ObjectShape = {
  kind: 'object',
  what: 'an assertion about PUBLIC',
  keys: {
    public: {
      shape: { kind: 'word', what: 'the word nothing', words: ['nothing'] },
      doc: 'nothing: PUBLIC may have nothing in the schema, nor on the schema itself.',
    },
    in: {
      shape: oneOrMore('schemas', name('the name of a schema')),
      doc: 'The schema, or the schemas.',
    },
    inDatabases,
  },
  required: ['public', 'in'],
}

const assertion: VariantsShape = {
  kind: 'variants',
  what: 'an assertion',
  variants: {
    public: ofPublic,
    columns: onColumns,
    ...Object.fromEntries(
      grantableKinds.filter((kind) => kind !== 'column').map((kind) => [keyOfKind(kind), onObjects(kind)]),
    ),
  },
}

/** What has to be true of access. */
export const assertions: ListShape = listOf('a list of assertions', assertion)
