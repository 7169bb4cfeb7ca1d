export { type Catalog, type RoundRow } from './catalog.js';
export { openCatalog } from './open.js';
export { type CatalogInventory } from './housekeeping.js';
