export { collectGarbage, planGarbage } from './collect.js';
