export { startStack } from './stack.js';
