export { selectFrames } from './select.js';
export type { SelectionSettings } from './settings.js';
