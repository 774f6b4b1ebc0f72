import type { Picture } from '@pgsr/planner'
import type { Shown } from '../../packages/report/test/browser/chromium.ts'

/** What is drawn, by its texts. */
export interface Drawn {
  readonly nodes: readonly { readonly label: string; readonly kind: Picture['nodes'][number]['kind'] }[]
  readonly edges: readonly {
    readonly from: string
    readonly to: string
    readonly label: string
    readonly dashed: boolean
  }[]
  /** Elements in labels that are there only if a text was taken for markup. */
  readonly others: readonly string[]
}

/** Draws a text in a page that has Mermaid, as GitHub does, and reads what is to be seen. */
export const rendered = (page: Shown['page'], text: string): Promise<Drawn> =>
  page.evaluate(`(${inPage})(${JSON.stringify(text)})`)

/** It is run in the page. Only a rounded box is drawn as a path, in a group. */
const inPage = String.raw`async (text) => {
  mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' })
  const { svg } = await mermaid.render('picture', text)
  document.body.innerHTML = svg
  const all = (selector, within = document) => [...within.querySelectorAll(selector)]
  const textOf = (element) => element.textContent.replaceAll('\u2060', '')
  const boxes = all('g.node').map((node) => ({
    id: /flowchart-(.+)-\d+$/.exec(node.id)[1],
    label: textOf(node.querySelector('.nodeLabel')),
    kind: { g: 'role', polygon: 'everybody', rect: 'object' }[node.querySelector('.label-container').localName],
  }))
  const labelOf = (id) => boxes.find((box) => box.id === id).label
  const edges = all('path.flowchart-link').map((path) => {
    const id = path.dataset.id
    const [, from, to] = /^L_(.+?)_(.+)_\d+$/.exec(id)
    const label = all('.edgeLabel .label').find((one) => one.dataset.id === id)
    return { from: labelOf(from), to: labelOf(to), label: textOf(label), dashed: path.matches('.edge-pattern-dotted') }
  })
  const others = all('.nodeLabel *, span.edgeLabel *').map(({ localName }) => localName).filter((name) => name !== 'p')
  return { nodes: boxes.map(({ label, kind }) => ({ label, kind })), edges, others }
}`
