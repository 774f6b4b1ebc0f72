import { futureObjects, type FutureObjects, type ObjectKind, objectKinds } from '@pgsr/planner'
import { plural } from '@pgsr/planner/internal'
import {
  columnRows,
  grantableKinds,
  isInSchema,
  keyOfKind,
  objectRows,
  objectsShape,
  ownableKinds,
  schemaRow,
} from './objects.ts'
import {
  type EitherShape,
  flag,
  type KeyRow,
  listOf,
  type ListShape,
  type ObjectShape,
  onlyTrue,
  oneOrMore,
  type VariantsShape,
} from './shape.ts'
import { knownRole, name, ownedSchema } from './texts.ts'

type Rows = Readonly<Record<string, KeyRow>>

/** Privileges on a kind of object, one of them or a list. */
const privilegesOn = (kind: ObjectKind): EitherShape =>
  oneOrMore(`privileges on ${plural(kind)}`, {
    kind: 'word',
    what: `a privilege on ${plural(kind)}`,
    words: objectKinds[kind].privileges,
  })

/** Privileges on a kind of object, which may be none. */
export const exactlyOn = (kind: ObjectKind): ListShape => ({
  kind: 'list',
  what: `a list of privileges on ${plural(kind)}`,
  of: { kind: 'word', what: `a privilege on ${plural(kind)}`, words: objectKinds[kind].privileges },
})

/** The key of default privileges on some kind of objects: `futureTablesOf`. */
export const keyOfFuture = (on: FutureObjects): string =>
  `future${on.replaceAll(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase())}Of`

export const allFuture = Object.keys(futureObjects) as readonly FutureObjects[]

const direct: KeyRow = {
  shape: flag,
  doc: 'Put the role itself into the ACL. Otherwise it becomes a member of an intermediate role. Default: false.',
}

const grantable: KeyRow = {
  shape: onlyTrue,
  doc: 'With grant option, so that the role may pass the privileges on. The role is then in the ACL itself.',
}

const grantableFuture: KeyRow = {
  shape: onlyTrue,
  doc: 'With grant option, so that the role may pass the privileges on.',
}

const privilegesRow = (shape: KeyRow['shape']): KeyRow => ({ shape, doc: 'The privileges, one or a list.' })

/** What differs between what roles have and what PUBLIC has. */
interface Manner {
  readonly privileges: (kind: ObjectKind) => KeyRow['shape']
  readonly options: Rows
  readonly futureOptions: Rows
}

const onObjects = (kind: ObjectKind, { privileges, options }: Manner): ObjectShape => {
  const objects = objectRows(kind)
  return {
    kind: 'object',
    what: `a grant on ${plural(kind)}`,
    keys: {
      privileges: privilegesRow(privileges(kind)),
      ...objects,
      ...options,
    },
    required: ['privileges', ...Object.keys(objects)],
    ...('direct' in options && {
      exclusive: [{ keys: ['direct', 'grantable'], message: 'grantable includes direct; leave direct out' }],
    }),
  }
}

const onColumns = (manner: Manner): ObjectShape => {
  const { keys } = onObjects('table', manner)
  return {
    kind: 'object',
    what: 'a grant on columns',
    keys: {
      ...keys,
      privileges: privilegesRow(manner.privileges('column')),
      ...columnRows,
    },
    required: ['privileges', ...Object.keys(columnRows)],
    ...('direct' in manner.options && {
      exclusive: [{ keys: ['direct', 'grantable'], message: 'grantable includes direct; leave direct out' }],
    }),
  }
}

const onFuture = (on: FutureObjects, { privileges, futureOptions }: Manner): ObjectShape => {
  const { become, outsideSchemas } = futureObjects[on]
  return {
    kind: 'object',
    what: `a grant on future ${on}`,
    keys: {
      privileges: privilegesRow(privileges(become[0] ?? 'table')),
      [keyOfFuture(on)]: {
        shape: oneOrMore(`the roles that will create ${on}`, knownRole),
        doc: `The role, or the roles, that will create the ${on}.`,
      },
      ...(outsideSchemas !== true && {
        schema: {
          shape: oneOrMore('the schema that they will be in', name('the name of a schema')),
          doc: `Only ${on} in this schema, or these. Default: in any.`,
        },
      }),
      ...futureOptions,
    },
    required: ['privileges', keyOfFuture(on)],
  }
}

const grantWith = (what: string, manner: Manner): VariantsShape => ({
  kind: 'variants',
  what,
  variants: {
    columns: onColumns(manner),
    ...Object.fromEntries(
      grantableKinds
        .filter((kind) => kind !== 'column')
        .map((kind) => [keyOfKind(kind), onObjects(kind, manner)]),
    ),
    ...Object.fromEntries(allFuture.map((on) => [keyOfFuture(on), onFuture(on, manner)])),
  },
})

/** A grant of privileges to a role. */
export const grant: VariantsShape = grantWith('a grant', {
  privileges: privilegesOn,
  options: { direct, grantable },
  futureOptions: { grantable: grantableFuture },
})

/** What PUBLIC has exactly on something. */
export const publicGrant: VariantsShape = grantWith('a grant to PUBLIC', {
  privileges: exactlyOn,
  options: {},
  futureOptions: {},
})

const ownership = (kind: ObjectKind): ObjectShape => {
  const key = keyOfKind(kind)
  const shape =
    kind === 'schema'
      ? oneOrMore('the schemas', ownedSchema)
      : objectsShape(kind, { all: true, patterns: false })
  return {
    kind: 'object',
    what: `the ownership of ${plural(kind)}`,
    keys: {
      [key]: {
        shape,
        doc:
          kind === 'schema'
            ? 'The schemas alone, without what is in them.'
            : isInSchema(kind)
              ? `The ${plural(kind)}: all of the schema, or a list of names.`
              : `The ${plural(kind)}.`,
      },
      ...(isInSchema(kind) && {
        schema: { ...schemaRow, shape: oneOrMore('the schema that they are in', ownedSchema) },
      }),
    },
    required: [key, ...(isInSchema(kind) ? ['schema'] : [])],
  }
}

/** What a role owns: a whole schema by its name, or objects of a kind. */
export const owns: EitherShape = {
  kind: 'either',
  what: 'a schema, or a list of what the role owns',
  shapes: [
    ownedSchema,
    listOf('a list of what the role owns', {
      kind: 'either',
      what: 'the name of a schema, or an object such as { tables: [orders], schema: sales }',
      shapes: [
        ownedSchema,
        {
          kind: 'variants',
          what: 'an ownership',
          variants: Object.fromEntries(ownableKinds.map((kind) => [keyOfKind(kind), ownership(kind)])),
        },
      ],
    }),
  ],
}
