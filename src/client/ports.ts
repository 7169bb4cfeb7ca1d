/** Temporal's own default port, the one that it adds 1000 to for its UI, and ours. */
export const defaultPorts = { temporal: 7233, temporalUi: 8233, review: 8470, webhook: 8471, codec: 8472 };
