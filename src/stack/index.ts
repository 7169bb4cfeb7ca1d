export { localTemporalEnvironment } from './local-temporal.js';
export { startStack, type Stack } from './stack.js';
