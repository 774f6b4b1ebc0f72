import { objectKinds, type ObjectName, schemaOf } from '../postgres/object-kind.ts'

/** What a call judges. Everything else stays as it is. */
export interface Managed {
  /** Whether what belongs to the whole cluster is managed. */
  readonly cluster: boolean
  /** The schemas that are managed, with what is in them; `undefined`: everything in the database is. */
  readonly schemas: ReadonlySet<string> | undefined
}

export const everything: Managed = { cluster: true, schemas: undefined }

/** Nothing is judged, so that nothing is taken from any role: the mode `additive`. */
const nothing: Managed = { cluster: false, schemas: new Set() }

/** Whether no role loses anything, whatever it has. */
export const takesNothing = (managed: Managed): boolean => managed === nothing

/** The option `manages` of a call. */
export interface ManagesOption {
  /**
   * Only what roles have on these schemas and in them is managed, with the default privileges for these schemas. Default:
   * everything in the database is.
   */
  readonly schemas?: readonly string[]
  /**
   * Whether what belongs to the whole cluster is managed: attributes, memberships in ordinary roles, and what roles have on
   * databases, tablespaces and parameters. Default: yes, unless `schemas` is given.
   */
  readonly cluster?: boolean
}

/** What a call may take away, if no grant asks for it. */
export const judgedBy = ({
  mode,
  manages,
}: {
  readonly mode?: 'exact' | 'additive'
  readonly manages?: ManagesOption
}): Managed => (mode === 'additive' ? nothing : managedBy(manages))

export const managedBy = ({ schemas, cluster = schemas === undefined }: ManagesOption = {}): Managed => ({
  cluster,
  schemas: schemas && new Set(schemas),
})

/** Whether something is left as it is. */
export const isLimited = ({ cluster, schemas }: Managed): boolean => !cluster || schemas !== undefined

/** Whether what is about a schema, or with `null` about all of them, is managed. */
export const managesSchema = ({ schemas }: Managed, schema: string | null): boolean =>
  schemas === undefined || (schema !== null && schemas.has(schema))

export const managesObject = (managed: Managed, object: ObjectName): boolean => {
  const { kind, name } = object
  if (objectKinds[kind].shared === true) return managed.cluster
  return managesSchema(managed, (kind === 'schema' ? name[0] : schemaOf(object)) ?? null)
}
