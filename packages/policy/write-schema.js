// Writes the JSON Schema of policies, which comes from the same table as the parser.
import { writeFile } from 'node:fs/promises'
import { policySchema } from './dist/index.js'

await writeFile('schema.json', `${JSON.stringify(policySchema, undefined, 1)}\n`)
