/** The train hook: runs the user's trainer on a dataset that has grown, and decides whether its model is taken. */
export { readCurrentModel, writeCurrentModel } from './current-model.js';
export { judge, type Judgement } from './gate.js';
export { trainModel } from './train.js';
