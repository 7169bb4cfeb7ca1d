export { type Catalog, type RoundRow, type VideoDescription } from './catalog.js';
export { openCatalog } from './open.js';
export type { RoundState } from './schema.js';
