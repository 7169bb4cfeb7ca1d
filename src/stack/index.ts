export { preferPort, requirePort } from './ports.js';
export { startStack, type Stack } from './stack.js';
