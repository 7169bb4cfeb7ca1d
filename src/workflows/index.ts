export { ActiveLearningWorkflow } from './active-learning.js';
export { AnnotationWorkflow } from './annotation.js';
export { VideoWorkflow } from './video.js';
export { WebhookHintWorkflow } from './webhook-hint.js';
