import type { Catalog } from '../catalog/catalog.ts'
import type { ActingAs } from './acting-as.ts'
import { GrantorChoice } from './grantor.ts'
import { ObjectAccess } from './object-access.ts'
import { RoleAdministration } from './role-administration.ts'
import { RoleGraph } from './role-graph.ts'
import { SchemaUsage } from './schema-usage.ts'

/** What is known beforehand about what the acting role will do. */
interface AccessOptions {
  /** The roles that it may have to act as. Default: every role. */
  readonly principals?: ReadonlySet<string>
  /** Roles in whose name it must not make itself a member of others, because their memberships change. */
  readonly losers?: ReadonlySet<string>
}

/** What the acting role may do in a catalog, which must not change. */
export class Access {
  readonly graph: RoleGraph
  readonly roles: RoleAdministration
  readonly actingAs: ActingAs
  readonly schemas: SchemaUsage
  readonly objects: ObjectAccess

  constructor(catalog: Catalog, { principals, losers }: AccessOptions = {}) {
    this.graph = new RoleGraph(catalog)
    this.roles = new RoleAdministration(this.graph, losers)
    this.actingAs = this.roles.acting
    const grantors = new GrantorChoice(this.graph, this.actingAs, principals)
    this.schemas = new SchemaUsage(this.graph, this.actingAs, grantors)
    this.objects = new ObjectAccess(this.graph, this.actingAs, grantors, this.schemas)
  }

  get isSuperuser(): boolean {
    return this.graph.isSuperuser
  }
}
