/** The demo's own parts: what the bundled clips show, and a reviewer who knows it. */
export { bundledClips, loadClipTruth, type ClipTruth } from './truth.js';
export { reviewTask, type ReviewCounts } from './reviewer.js';
