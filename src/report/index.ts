/** What came of the rounds, for people: one page per round and one for the dataset. */
export { writeReport } from './write.js';
export type { Funnel, ReportFrame, ReportInput, ReportRound, ReportVideo } from './types.js';
