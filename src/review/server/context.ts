import type { Background } from './background.js';
import type { DataFolder } from './data-folder.js';
import type { Events } from './events.js';
import type { Store } from './store/database.js';
import type { AnnotationVersions } from './web/versions.js';

/** What the work behind an answer 202 works with. */
export interface WorkContext {
  store: Store;
  folder: DataFolder;
  versions: AnnotationVersions;
  events: Events;
}

/** What the routes work with. */
export interface ReviewContext extends WorkContext {
  background: Background;
}
