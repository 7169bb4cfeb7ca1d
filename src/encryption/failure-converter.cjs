'use strict';
// CommonJS, since Temporal's SDK loads it by `require`, from the worker, the client and the bundle of the workflows.
const { DefaultFailureConverter } = require('@temporalio/common');

/** Puts the messages and stacks of errors where payload codecs reach them. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
