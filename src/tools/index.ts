export { confine, programEnvironment, programMemory } from './confine.js';
export { findTool } from './find.js';
export { projectRoot, toolsFolder, venvBinFolder } from './project.js';
export { killDelayMs, startTree, stopTree } from './run.js';
export type { Tool, ToolName } from './types.js';
export { knowsFpsMode } from './versions.js';
