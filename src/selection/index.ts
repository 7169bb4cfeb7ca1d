export { Selector, type Decision, type Experience } from './selector.js';
export type { SelectionSettings } from './settings.js';
