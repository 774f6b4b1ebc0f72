export { type ReportInput, renderReport } from './render-report.ts'
