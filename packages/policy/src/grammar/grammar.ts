import { profiles } from './access.ts'
import { assertions } from './assertions.ts'
import { exactlyOn, publicGrant } from './grants.ts'
import { absentRole, role } from './role.ts'
import { flag, listOf, type ObjectShape } from './shape.ts'
import { desiredRole, freeText, knownRole, name } from './texts.ts'

/**
 * What a policy file can say. The parser, the JSON Schema and the suggestions for what is misspelt all come from this table.
 */
export const grammar: ObjectShape = {
  kind: 'object',
  what: 'a policy',
  keys: {
    $schema: { shape: freeText('a text'), doc: 'The JSON Schema, for editors. It has no effect.' },
    pgsr: {
      shape: { kind: 'number', what: '1, the version of the format', whole: true, minimum: 1, maximum: 1 },
      doc: 'The version of the format: 1.',
    },
    databases: {
      shape: listOf('a list of databases', name('the name of a database')),
      doc: 'The databases of one cluster that the policy is for. Default: the one that the connection is to.',
    },
    mode: {
      shape: { kind: 'word', what: 'exact or additive', words: ['exact', 'additive'] },
      doc: 'exact: roles lose what the policy does not ask for. additive: no role loses anything. Default: exact.',
    },
    manages: {
      shape: {
        kind: 'object',
        what: 'what is managed',
        keys: {
          schemas: {
            shape: { kind: 'list', what: 'a list of schemas', of: name('the name of a schema') },
            doc: 'Only what roles have on these schemas and in them is managed. Default: everything in the database is.',
          },
          cluster: {
            shape: flag,
            doc: 'Whether what belongs to the whole cluster is managed: attributes, memberships, databases, tablespaces, parameters. Default: true, unless schemas is given.',
          },
        },
        isNotEmpty: true,
      },
      doc: 'What is managed. Everything else stays as it is.',
    },
    createRoles: { shape: flag, doc: 'Whether roles that do not exist are created. Default: true.' },
    reassignOwnedTo: {
      shape: knownRole,
      doc: 'The new owner of what roles lose. It must not be under roles: such a role gets objects by its owns. Default: the role that connects, or for what may hold code a role that can do nothing.',
    },
    keepDependents: {
      shape: flag,
      doc: 'Whether others keep what a role granted to them when it loses the right to. Default: false.',
    },
    allow: {
      shape: listOf('a list of self and superusers', {
        kind: 'word',
        what: 'self or superusers',
        words: ['self', 'superusers'],
      }),
      doc: 'self: the role that connects may be one of the roles. superusers: superusers may be, and roles may become superusers.',
    },
    profiles: {
      shape: profiles,
      doc: 'Profiles of your own: what a role may do in a schema. readOnly and readWrite are built in.',
    },
    public: {
      shape: {
        kind: 'object',
        what: 'what PUBLIC has',
        keys: {
          database: {
            shape: exactlyOn('database'),
            doc: 'Exactly the privileges that everybody has on each of the databases. They have to be listed in databases.',
          },
          schemas: {
            shape: {
              kind: 'map',
              what: 'privileges by schema',
              keys: name('the name of a schema'),
              values: exactlyOn('schema'),
            },
            doc: 'Exactly the privileges that everybody has on these schemas.',
          },
          grants: {
            shape: listOf('a list of grants', publicGrant),
            doc: 'Exactly the privileges that everybody has on other objects, and on future ones.',
          },
        },
        isNotEmpty: true,
      },
      doc: 'What PUBLIC, and so everybody, has: exactly the privileges listed, which may be none. What is not named stays.',
    },
    roles: {
      shape: { kind: 'map', what: 'roles by name', keys: desiredRole, values: role },
      doc: 'The roles, and everything that they should have. Anything else they lose.',
    },
    absent: {
      shape: {
        kind: 'either',
        what: 'a list of roles, or roles by name',
        shapes: [
          listOf('a list of roles', desiredRole),
          { kind: 'map', what: 'roles by name', keys: desiredRole, values: absentRole },
        ],
      },
      doc: 'Roles that should not exist. Everything that they have is taken away, and they are dropped.',
    },
    assertions: {
      shape: assertions,
      doc: 'What has to be true of access, of all roles, whether the policy names them or not. A plan that would break it is refused.',
    },
  },
  required: ['pgsr'],
  instead: {
    version: 'pgsr',
    users: 'roles',
    groups: 'roles',
    database: 'databases',
    schemas: 'manages: { schemas: … }',
    grants: 'roles: { NAME: { grants: … } }',
    retirements: 'absent',
    asserts: 'assertions',
    never: 'assertions',
    options: 'mode, manages, createRoles, reassignOwnedTo, keepDependents, allow',
    allowSelf: 'allow: [self]',
    allowSuperuser: 'allow: [superusers]',
  },
}
