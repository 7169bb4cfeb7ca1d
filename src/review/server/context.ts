import type { Background } from './background.js';
import type { DataFolder } from './data-folder.js';
import type { Store } from './store/database.js';

/** What the routes work with. */
export interface ReviewContext {
  store: Store;
  folder: DataFolder;
  background: Background;
}
