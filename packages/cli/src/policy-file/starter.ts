/** A first policy file, which does nothing until somebody writes roles into it. */
export const starter = `# yaml-language-server: $schema=node_modules/@pgsr/policy/schema.json
#
# What PostgreSQL roles should have. pgsr makes exactly this true of the roles that it names,
# and touches no other.
#
#   pgsr         shows what would change
#   pgsr apply   changes it
pgsr: 1

# The database that it is for, if it is not the one that you connect to.
# databases: [warehouse]

# Ways to use a schema. readOnly and readWrite are there already.
# profiles:
#   clerk:
#     extends: readOnly
#     tables: [INSERT]

roles: {}
# A group:
#   analyst:
#     access:
#       sales: readOnly
#
# Somebody who logs in:
#   alice:
#     login:
#       password: { env: ALICE_PASSWORD }
#     memberOf: [analyst]

# Roles that should not exist:
# absent:
#   bob: {}
`
