export { selectFrames, type LabelledFrame, type Selection } from './select.js';
export type { SelectionSettings } from './settings.js';
