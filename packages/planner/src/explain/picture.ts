import { describeGrantee, describeObject } from '../model/describe.ts'
import type { AccessPath, AccessStep, Explanation, PathSource, WhoCan } from '../model/explanation.ts'
import { flatMap, getOrMake } from '../util/collections.ts'

/** A box of a picture. */
export interface PictureNode {
  readonly id: string
  readonly kind: 'role' | 'object' | 'everybody'
  readonly label: string
}

/** An arrow of a picture. A dashed one needs SET ROLE. */
export interface PictureEdge {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly dashed: boolean
}

/** Roles, objects, and what leads from one to another. */
export interface Picture {
  readonly nodes: readonly PictureNode[]
  readonly edges: readonly PictureEdge[]
}

const labelOfSource = (source: PathSource): string => {
  switch (source.kind) {
    case 'superuser':
      return 'superuser'
    case 'ownership':
      return `owner, ${source.privilege}`
    case 'privilege':
      return `${source.privilege}, by ${source.grantor}`
    case 'PUBLIC':
      return source.byDefault ? `${source.privilege} by default` : `${source.privilege}, by ${source.grantor}`
    case 'predefined role':
      return source.privilege
    case 'setting':
      return source.setting
  }
}

/** The picture of how roles get privileges on objects. */
export const pictureOf = (answer: Explanation | WhoCan): Picture => {
  const nodes = new Map<string, PictureNode>()
  const edges = new Map<string, PictureEdge>()
  const node = (key: string, kind: PictureNode['kind'], label: string): string =>
    getOrMake(nodes, key, () => ({ id: `n${nodes.size}`, kind, label })).id
  const roleNode = (role: string): string =>
    node(
      `role ${role}`,
      role === 'public' ? 'everybody' : 'role',
      role === 'public' ? 'PUBLIC' : describeGrantee(role),
    )
  const edge = (from: string, to: string, label: string, dashed: boolean): void => {
    edges.set(JSON.stringify([from, to, label, dashed]), { from, to, label, dashed })
  }
  const add = ({ object }: Pick<AccessStep, 'object'>, path: AccessPath): void => {
    for (const { role, member, grantor, by } of path.memberships)
      edge(
        roleNode(member),
        roleNode(role),
        grantor === null ? 'owner of the database' : `member, by ${grantor}`,
        by === 'set role',
      )
    const { source } = path
    const holder = 'grantee' in source ? source.grantee : 'role' in source ? source.role : 'public'
    const target = describeObject('object' in source ? source.object : object)
    edge(roleNode(holder), node(target, 'object', target), labelOfSource(source), false)
  }
  if ('around' in answer) {
    roleNode(answer.role)
    for (const step of [...answer.around, answer])
      for (const path of [...step.paths, ...step.afterSetRole]) add(step, path)
  } else {
    for (const path of answer.everybody) add(answer, path)
    for (const { paths, afterSetRole } of answer.roles)
      for (const path of [...paths, ...afterSetRole]) add(answer, path)
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}

/** What Mermaid writes numbers of characters as meanwhile, and replaces wherever it is: it must not be in a label. */
const placeholder = /(?<=ﬂ)(?=°)|(?<=¶)(?=ß)/gu

/**
 * In Mermaid, characters are written as their numbers: quotes and brackets would end a label, and a space at its end would be
 * lost. An invisible character divides what Mermaid would replace.
 */
const inMermaid = (text: string): string =>
  text
    .replaceAll(placeholder, '\u2060')
    .replaceAll(/[^\p{Letter}\p{Number} .,_()-]|^ | $/gu, (character) => `#${character.codePointAt(0)};`)

/**
 * Mermaid shows an error in the place of a picture that has more, and a picture cannot ask for more itself.
 * @see https://mermaid.js.org/config/schema-docs/config.html (maxEdges, maxTextSize)
 */
const most = { edges: 500, characters: 50_000 } as const

const shapes = { role: ['([', '])'], everybody: ['{{', '}}'], object: ['[', ']'] } as const

const nodeInMermaid = ({ id, kind, label }: PictureNode): string =>
  `  ${id}${shapes[kind][0]}"${inMermaid(label)}"${shapes[kind][1]}`

const edgeInMermaid = ({ from, to, label, dashed }: PictureEdge): string =>
  `  ${from} ${dashed ? '-.->' : '-->'}|"${inMermaid(label)}"| ${to}`

/** As much of a picture as Mermaid shows: its first arrows, and the boxes that these are between. */
const fitting = ({ nodes, edges }: Picture): { readonly lines: readonly string[]; readonly left: number } => {
  const ends = new Set(flatMap(edges, ({ from, to }) => [from, to]))
  const boxes = new Map(nodes.map((node) => [node.id, nodeInMermaid(node)]))
  const shown = new Set(flatMap(nodes, ({ id }) => (ends.has(id) ? [] : [id])))
  const arrows: string[] = []
  // Leaves room for the first and the last line.
  let room = most.characters - 100
  const isRoomFor = (lines: readonly string[]): boolean => {
    room -= lines.reduce((sum, line) => sum + line.length + 1, 0)
    return room >= 0
  }
  for (const edge of edges) {
    const added = [edge.from, edge.to].filter((id) => !shown.has(id))
    const arrow = edgeInMermaid(edge)
    if (arrows.length === most.edges || !isRoomFor([arrow, ...added.map((id) => boxes.get(id)!)])) break
    arrows.push(arrow)
    for (const id of added) shown.add(id)
  }
  return {
    lines: [...flatMap(nodes, ({ id }) => (shown.has(id) ? [boxes.get(id)!] : [])), ...arrows],
    left: edges.length - arrows.length,
  }
}

/**
 * The picture as [Mermaid](https://mermaid.js.org) text, which GitHub shows as a picture. Of a picture that is too large for
 * that, it has the first part, and a box that says how many arrows are left out.
 */
export const renderMermaid = (answer: Explanation | WhoCan): string => {
  const { lines, left } = fitting(pictureOf(answer))
  return [
    'flowchart LR',
    ...lines,
    ...(left === 0 ? [] : [`  more["${left} more arrows are left out"]`]),
    '',
  ].join('\n')
}

const inDot = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`

/** The picture as text for [Graphviz](https://graphviz.org). */
export const renderDot = (answer: Explanation | WhoCan): string => {
  const { nodes, edges } = pictureOf(answer)
  const shapesInDot = { role: 'ellipse', everybody: 'hexagon', object: 'box' } as const
  return [
    'digraph access {',
    '  rankdir=LR',
    ...nodes.map(({ id, kind, label }) => `  ${id} [shape=${shapesInDot[kind]}, label=${inDot(label)}]`),
    ...edges.map(
      ({ from, to, label, dashed }) =>
        `  ${from} -> ${to} [label=${inDot(label)}${dashed ? ', style=dashed' : ''}]`,
    ),
    '}',
    '',
  ].join('\n')
}
